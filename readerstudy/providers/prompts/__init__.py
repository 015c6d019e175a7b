"""Prompts as documents of blocks: how one becomes what a model is sent, and how its reply is read."""

from readerstudy.providers.prompts.document import Example, Form, Level, Output, Prompt, Rubric, TaskKind
from readerstudy.providers.prompts.gallery import Template, gallery
from readerstudy.providers.prompts.layout import layout
from readerstudy.providers.prompts.problems import PromptProblem
from readerstudy.providers.prompts.render import Given, Rendered, Scored, render
from readerstudy.providers.prompts.reply import Read, read_reply

__all__ = [
    "Example",
    "Form",
    "Given",
    "Level",
    "Output",
    "Prompt",
    "PromptProblem",
    "Read",
    "Rendered",
    "Rubric",
    "Scored",
    "TaskKind",
    "Template",
    "gallery",
    "layout",
    "read_reply",
    "render",
]
