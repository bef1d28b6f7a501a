"""Errors as answers: one sentence as JSON, and which setting it is about."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from reverie.errors import BadInput, ResourceError, ReverieError, UsageError
from reverie.recipe.recipe import Recipe

_STATUS: Final[dict[type[ReverieError], int]] = {UsageError: 422, BadInput: 422, ResourceError: 507}
_CLAUSE: Final = re.compile(r"(?:^|; )([a-z_.]+(?:\.\d+)?): ")


def tell_errors(app: FastAPI) -> None:
    """Have every error of an application answered so."""
    app.add_exception_handler(ReverieError, _told)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)


def fields_of(message: str) -> dict[str, str]:
    """The settings that a complaint is about, and what is wrong with each."""
    found = list(_CLAUSE.finditer(message))
    told = {}
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(message)
        if match[1].split(".")[0] in Recipe.model_fields:
            told[f"recipe.{match[1]}"] = message[match.end() : end]
    return told


async def _told(request: Request, error: Exception) -> JSONResponse:
    usual = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    status = getattr(error, "status", usual)
    body: dict[str, Any] = {"error": str(error)}
    if fields := fields_of(str(error)):
        body["fields"] = fields
    return JSONResponse(body, status)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    words = {404: "there is nothing of that name", 405: "that is not done here"}
    plain = error.detail if error.detail not in ("Not Found", "Method Not Allowed") else None
    said = plain or words.get(error.status_code, error.detail)
    return JSONResponse({"error": said}, error.status_code, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    told = {
        ".".join(map(str, one["loc"][1:])) or "body": str(one["msg"])[:200] for one in error.errors()[:20]
    }
    words = "; ".join(f"{name}: {text[0].lower()}{text[1:]}" for name, text in told.items())
    return JSONResponse({"error": words, "fields": told}, 422)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"something broke here ({type(error).__name__}); the log says more"}, 500)
