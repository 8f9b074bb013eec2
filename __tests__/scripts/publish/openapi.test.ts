import { publishedDocument } from "../../../scripts/publish/openapi";
import { STACK_DIRECTORY } from "../../support/stack-json";

test("the document of a deployment has its URL and its mode of access", () => {
  const { servers, components } = publishedDocument(STACK_DIRECTORY, {
    endpoint: "https://a.example/live",
    authorization: "iam",
  });
  expect([servers, Object.keys(components.securitySchemes)]).toEqual([[{ url: "https://a.example/live" }], ["sigv4"]]);
});
