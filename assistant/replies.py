"""The guide's fixed words: suggested replies and what they mean, and answers that need no look at the project."""

# Suggested replies that are commands: what they mean is known, so it is not guessed.
COMMANDS: dict[str, str] = {
    "keep all": "keep",
    "keep none": "drop",
    "prepare the data": "prepare",
    "write examples with the model": "write_examples",
    "write more examples": "write_examples",
    "what would it cost?": "writing_cost",
    "i will add another file": "more_files",
    "use only rules and terms": "prepare",
    "what is missing?": "coverage",
    "show me the data": "show_data",
    "approved": "approve",
    "start training": "start_training",
    "train anyway": "train_anyway",
    "try the model": "try",
    "show the results": "results",
    "show the plan": "show_plan",
    "publish it": "publish",
    "leave the trial": "leave_trial",
    "good answer": "rate_good",
    "not a good answer": "rate_bad",
    "watch over it": "watch",
    "begin a new round": "new_round",
    "where are we?": "where",
    "why do you ask?": "why",
    "skip this": "skip",
    "skip these questions": "skip",
    "stop the training": "stop",
    "how is it going?": "progress",
}
# How an uncertain reading is offered back; each is a key of COMMANDS.
INTENT_LABELS: dict[str, str] = {
    "start_training": "Start training",
    "show_data": "Show me the data",
    "coverage": "What is missing?",
    "show_plan": "Show the plan",
    "prepare": "Prepare the data",
    "try": "Try the model",
    "results": "Show the results",
    "publish": "Publish it",
    "where": "Where are we?",
    "why": "Why do you ask?",
    "skip": "Skip this",
    "watch": "Watch over it",
    "new_round": "Begin a new round",
    "stop": "Stop the training",
}
# Why the guide asks, for what is no field of the brief.
WHY: dict[str, str] = {
    "rules": "What you keep goes into the examples, the tests and the model's standing instruction, with its citation.",
    "practice": "What you say stands beside the rule on the page of rules that goes with the model, for whoever has to "
    "sign for it.",
    "files": "The model learns from your own questions and answers; I cannot make those up.",
    "columns": "A model trained on the wrong column learns the wrong thing.",
    "approval:approve_data": "The test set is what the model is judged by. Nobody should be able to say later that it "
    "was changed to fit, so it is sealed once you approve it.",
    "approval:import_examples": "A sheet changes many rows at once, so you see what it changes before it does.",
    "approval:start_training": "Training uses this machine for some minutes, so I ask first.",
    "approval:write_examples": "Each passage is a question to that model, which takes time and may take money, and "
    "your text goes wherever it runs. So I ask first.",
    "approval:publish": "Publishing writes files that others may use, so I ask first.",
    "approval:delete_source": "A deleted file cannot be brought back, and models cannot unlearn it, so I ask first.",
    "approval:delete_round": "A deleted model can only be trained anew, so I ask first.",
    "personal": "The model can repeat what it was trained on, so what points to a person is hidden before. How much, "
    "and by what, changes how natural the rows read.",
    "rights": "Somebody has to sign for the data. Texts of others, or letters of customers, may need a permission.",
    "approval:delete_project": "Deleting cannot be undone, so I ask first.",
    "trial": "Your own questions show more than my test can.",
    "train_anyway": "I would rather save you a training that is not worth its time.",
    "publish": "Each place needs something else from me.",
}
WHY_AT_ALL = "I ask so that the model fits your work and not somebody else's."
HELLO = (
    "Hello, I am Attune. I help a team tune a language model to its own work, by talking: I learn what you need, find "
    "the rules that apply, build and clean the data, train a model on this machine, test it honestly against the "
    "untuned one, and let you try it before anybody else does. Nothing leaves this machine unless you say so. "
    "You can drop files into the chat at any time, ask why, or ask where we are."
)
HELP = (
    "I ask about your work, find the rules that apply, turn your files into examples, train a small model on them, "
    "test it, and let you try it. You can drop files at any time, and say “why?”, “where are we?”, “go back to …”, "
    "“skip” or “undo”."
)
ENGLISH_ONLY = (
    "I can only hold this conversation in English so far, and so does the model that comes with me; another base model "
    "may know your language."
)
SMALL_TALK: dict[str, str] = {
    "greet": "Hello!",
    "thanks": "You are welcome.",
    "goodbye": "Goodbye. Everything is saved; come back whenever you like and we go on here.",
    "help": HELP,
    "who": "I am Attune, a program that helps a team tune a language model. I am free and open source, and I am no "
    "person.",
    "privacy": "Your files, this conversation and the models stay on the machine I run on, in your project's folder. "
    "Personal data is replaced before training. Nothing is sent anywhere unless you publish it, or say yes "
    "to a chat model that writes examples; “delete round 1” removes a model, “delete the project” everything.",
    "human": "There is no person behind me. Everything you have done here is saved as files, so somebody who knows the "
    "field can look at it with you.",
    "hostile": "I am sorry this is frustrating. Say “skip” to any question you do not want to answer, or tell me what "
    "went wrong.",
    "offtopic": "I cannot help with that; I am here to tune a language model to your work.",
    "language_request": ENGLISH_ONLY,
    "stop": "Nothing is running. Everything is saved, so you can leave and come back.",
    "unsure": "That is fine.",
    "columns": "There is no table whose columns I could set. Attach one first.",
    "try": "There is no tuned model to try yet: it comes after the training.",
    "publish": "There is no tuned model to publish yet: it comes after the training. The data set can be published "
    "once it is approved.",
    "export": "There is no tuned model to hand over yet: it comes after the training. The rows can go into a sheet at "
    "any time: say “export the rows”.",
}
# A wish that was understood but lacks a word, or does not fit here: said, never passed over.
INCOMPLETE: dict[str, str] = {
    "keep": "Which ones? Say the numbers to keep, as in “keep 1 and 3”.",
    "drop": "Which ones? Say the numbers, as in “drop 2 and 5”.",
    "edit": "Which row, and what should it say? For example: “row 2 should answer: We open at nine.”",
    "restore": "Which rows? “Show me the dropped rows” lists them with their numbers.",
    "change_setting": "Which setting, and what value? For example: “use 3 epochs”. “Show the plan” lists them.",
    "rate_good": "There is no answer to rate yet: that comes in the trial.",
    "rate_bad": "There is no answer to rate yet: that comes in the trial.",
    "correct_answer": "There is no answer to correct yet: that comes in the trial.",
    "yes": "Yes to what? Please say it in your own words.",
    "no": "No to what? Please say it in your own words.",
    "more_files": "Drop it into the chat.",
    "paste": "Paste the text itself, or drop it as a file; then I make examples from it.",
}
