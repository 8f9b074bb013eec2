import { payloadOf } from "../../../handlers/agents/payload";
import { question } from "../../support/wire/agent-faults";

test("an agent is sent prompt, context and instructions, and nothing that names the caller", () => {
  const { prompt, context } = question();
  expect(JSON.parse(payloadOf(question(), "Plan."))).toEqual({ prompt, context, instructions: "Plan." });
});

test("without instructions the field is left out", () => {
  expect(JSON.parse(payloadOf(question(), undefined))).not.toHaveProperty("instructions");
});
