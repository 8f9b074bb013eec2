import fc from "fast-check";
import { principalOf } from "../../../handlers/tokens/principal";

test("the same subject of the same issuer has the same name, which a header takes and which shows nothing of it", () => {
  const name = principalOf("https://issuer.example", "alice@example.org");
  expect(name).toBe(principalOf("https://issuer.example", "alice@example.org"));
  expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test("two of another issuer or subject have two names, however the texts are cut", () => {
  expect(principalOf("https://a", "b")).not.toBe(principalOf("https://b", "b"));
  expect(principalOf("https://a.example", "/b")).not.toBe(principalOf("https://a.example/", "b"));
  fc.assert(
    fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), (one, two) => {
      fc.pre(one[0] !== two[0] || one[1] !== two[1]);
      return principalOf(...one) !== principalOf(...two);
    }),
  );
});
