import { readFileSync } from "node:fs";
import { join } from "node:path";
import { documentText, PUBLISHED, publishedDocument } from "../../../scripts/commands/openapi";
import { PROJECT, STACK_DIRECTORY } from "../../support/stack-json";

test("openapi.json is what the stack and the answers say; else: npx quickturn docs", () => {
  expect(readFileSync(join(PROJECT, PUBLISHED), "utf8")).toBe(documentText(publishedDocument(STACK_DIRECTORY)));
});

test("the document of a deployment has its URL and its mode of access", () => {
  const { servers, components } = publishedDocument(STACK_DIRECTORY, { endpoint: "https://a.example/live", authorization: "iam" });
  expect([servers, Object.keys(components.securitySchemes)]).toEqual([[{ url: "https://a.example/live" }], ["sigv4"]]);
});
