import { assertDistinct, userArnOf } from "../../../scripts/local/caller";
import { ALICE, BOB } from "./fixtures";

test("a caller's ARN is that of an IAM user", () => {
  expect(userArnOf(ALICE)).toBe("arn:aws:iam::123456789012:user/alice");
});

test("callers that a handler could not tell apart are refused", () => {
  expect(() => assertDistinct([ALICE, BOB])).not.toThrow();
  expect(() => assertDistinct([ALICE, { ...BOB, accessKeyId: ALICE.accessKeyId }])).toThrow(
    'Two callers share "AKIDALICE".',
  );
  expect(() => assertDistinct([ALICE, { ...BOB, userId: ALICE.userId }])).toThrow('Two callers share "AIDAALICE".');
  expect(() => assertDistinct([ALICE, { ...BOB, name: ALICE.name }])).toThrow(
    'Two callers share "arn:aws:iam::123456789012:user/alice".',
  );
});
