"""What the agent can do: one file a stage, thin. Check, call the library, tell the result."""
