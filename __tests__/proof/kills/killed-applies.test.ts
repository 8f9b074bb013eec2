import { killsText, rehearseKills } from "./killed-applies";
import { SILENT } from "../../../scripts/kit/context";

const context = { projectDirectory: "/", environment: {}, progress: SILENT, signal: new AbortController().signal };

// The kills themselves: e2e/killed-apply.test, with the same stack.
test.each([0, 201, 1.5])("%d kills are refused before anything is started", async (kills) => {
  await expect(rehearseKills(context, { kills, seed: 1 })).rejects.toThrow(
    `--kills is ${kills}; allowed: a whole number from 1 to 200.`,
  );
});

test("each kill is a line, and what is left is named", () => {
  const point = {
    at: 3,
    operation: "iam CreateRole",
    forgotten: ["aws_iam_role a", "aws_iam_role b"],
    adopted: ["aws_iam_role a", "aws_iam_role b"],
    recovered: true,
    seconds: 7.25,
  };
  expect(killsText({ points: [point], orphans: [] })).toBe(
    "Kills: 1, each right after:\n  iam CreateRole: 2 forgotten, 2 adopted, 7.3 s\nNothing is there that terraform does not know.",
  );
  expect(killsText({ points: [], orphans: ["aws_iam_role a"] })).toContain(
    "There, and not known to terraform:\n  aws_iam_role a",
  );
});
