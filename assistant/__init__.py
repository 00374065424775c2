"""The conversation: settings, understanding, guide, agent, terminal and page."""
