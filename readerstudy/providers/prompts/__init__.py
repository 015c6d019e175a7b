"""Prompts as documents of blocks, and the one place where a document becomes what a model is sent."""

from readerstudy.providers.prompts.document import Prompt, PromptProblem
from readerstudy.providers.prompts.render import Given, Rendered, Scored, render

__all__ = ["Given", "Prompt", "PromptProblem", "Rendered", "Scored", "render"]
