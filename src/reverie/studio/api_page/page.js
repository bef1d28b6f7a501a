// Shows /api/openapi.json: each question, what it is for, and what goes with it.

/** An element with a text or with children. */
function made(name, ...children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}

/** The words of a type. */
function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.type === "array") return `list of ${kind(schema.items) || "anything"}`;
  return schema.enum ? schema.enum.join(" | ") : schema.type ?? "";
}

/** One question. */
function question(method, path, said, schemas) {
  const article = made("article", made("h3", made("code", `${method.toUpperCase()} ${path}`)));
  article.append(made("div", said.summary ?? ""));
  const list = document.createElement("dl");
  for (const one of said.parameters ?? []) {
    list.append(made("dt", made("code", one.name)), made("dd", kind(one.schema)));
  }
  const body = said.requestBody?.content?.["application/json"]?.schema;
  const fields = body?.$ref ? schemas[kind(body)]?.properties ?? {} : {};
  for (const [name, field] of Object.entries(fields)) {
    list.append(made("dt", made("code", name)), made("dd", kind(field)));
  }
  if (list.children.length) article.append(list);
  return article;
}

const document_ = await (await fetch("/api/openapi.json")).json();
const topics = new Map();
for (const [path, methods] of Object.entries(document_.paths)) {
  for (const [method, said] of Object.entries(methods)) {
    const topic = said.tags?.[0] ?? "more";
    if (!topics.has(topic)) topics.set(topic, made("section", made("h2", topic)));
    topics.get(topic).append(question(method, path, said, document_.components?.schemas ?? {}));
  }
}
document.querySelector("#topics").replaceChildren(...topics.values());
