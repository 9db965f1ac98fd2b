# The operator's image: slim, non-root, nothing but the locked requirements and the package.
# docker build -t shorthaul:dev .
FROM python:3.12-slim AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY requirements/build.txt requirements/run.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /opt/shorthaul \
 && pip --python /opt/shorthaul install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator ./operator
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation -w dist . \
 && pip --python /opt/shorthaul install --no-cache-dir --no-deps dist/*.whl

FROM python:3.12-slim
COPY --from=build /opt/shorthaul /opt/shorthaul
# HOME: the Kubernetes client asks for it when imported, and this user is in no passwd file.
ENV PATH=/opt/shorthaul/bin:$PATH HOME=/ PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["shorthaul"]
CMD ["operator"]
