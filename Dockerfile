# One image for web, worker and beat; docker-compose.yml says which of them a container is.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements-uv.txt \
 && .venv/bin/uv pip sync --quiet --no-cache --require-hashes requirements.txt

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 readerstudy
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY manage.py pyproject.toml ./
COPY readerstudy readerstudy
COPY templates templates
COPY fixtures fixtures
COPY static static
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    READERSTUDY_VAR=/data
# Static files are named by their hash and collected once, into the image; this needs neither database nor secret.
RUN READERSTUDY_VAR=/static SECRET_KEY=unused DATABASE_URL=postgresql://unused python manage.py collectstatic --noinput --verbosity 0 \
 && mkdir /data && chown readerstudy /data
ENV STATIC_ROOT=/static/static
USER readerstudy
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/', timeout=4)"]
CMD ["gunicorn", "readerstudy.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "4", "--threads", "8", "--preload", "--access-logfile", "-"]
