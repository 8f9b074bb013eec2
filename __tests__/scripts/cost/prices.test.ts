import * as fc from "fast-check";
import { CACHE_SIZES, PRICES, PriceBook, type Price, type PriceName } from "../../../scripts/cost/prices";

const names = Object.keys(PRICES) as PriceName[];
const every = Object.entries(PRICES) as [PriceName, Price][];

test.each(every)("%s is positive, dated and sourced, and its tiers rise and fall in price", (_name, price) => {
  expect(price.read).toMatch(/^20\d\d-\d\d-\d\d$/);
  expect(price.asOf).toMatch(/^(20\d\d-\d\d-\d\d|undated)$/);
  expect(price.source.length).toBeGreaterThan(10);
  expect(price.unit).not.toBe("");
  for (const usd of [...price.tiers.map((tier) => tier.usd), ...Object.values(price.regions ?? {})])
    expect(usd).toBeGreaterThan(0);
  expect(price.tiers.at(-1)?.upTo).toBe(Infinity);
  price.tiers.slice(1).forEach((tier, index) => {
    expect(tier.upTo).toBeGreaterThan(price.tiers[index]!.upTo);
    expect(tier.usd).toBeLessThan(price.tiers[index]!.usd);
  });
});

test("8 s at 512 MB on x86 cost $0.0000667 of duration and $0.0000002 for the request", () => {
  // 8 s x 0.5 GB = 4 GB-s x 0.0000166667 = 0.0000666668; + 0.20 / 1,000,000 = 0.0000668668
  const book = new PriceBook("us-east-1");
  expect(book.cost("lambdaGbSecond_x86_64", 4) + book.cost("lambdaRequest", 1)).toBeCloseTo(0.0000668668, 12);
});

test("a cache of 0.5 GB costs $14.60 a month of 730 hours, the largest $2,774", () => {
  const book = new PriceBook("us-east-1");
  expect(book.cost("cacheHour_0.5", 730)).toBeCloseTo(14.6, 9);
  expect(book.cost("cacheHour_237", 730)).toBeCloseTo(2_774, 9);
});

test("one provisioned 512 MB on x86 kept all month costs $5.48", () => {
  // 0.5 GB x 2,628,000 s x 0.0000041667 = 5.475
  expect(new PriceBook("us-east-1").cost("provisionedIdle_x86_64", 0.5 * 2_628_000)).toBeCloseTo(5.475, 3);
});

test("volumes pay tier by tier, as infracost's golden files do", () => {
  const book = new PriceBook("us-east-1");
  expect(book.cost("lambdaGbSecond_x86_64", 6e9)).toBeCloseTo(100_000.2, 6);
  expect(book.cost("lambdaGbSecond_x86_64", 15e9) - book.cost("lambdaGbSecond_x86_64", 6e9)).toBeCloseTo(135_000, 6);
  // 333 M x 3.50 + 667 M x 2.80 = 1,165.50 + 1,867.60
  expect(book.cost("apiCall", 1e9)).toBeCloseTo(3_033.1, 6);
});

test("the cache's price rises with its size", () => {
  const usd = CACHE_SIZES.map((size) => new PriceBook("us-east-1").cost(`cacheHour_${size}`, 1));
  expect([...usd].sort((left, right) => left - right)).toEqual(usd);
});

test("more never costs less, and nothing costs nothing", () => {
  const region = fc.constantFrom("us-east-1", "eu-west-1", "af-south-1", "cn-north-1");
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      region,
      fc.double({ min: 0, max: 1e11, noNaN: true }),
      fc.double({ min: 0, max: 1e11, noNaN: true }),
      (name, where, some, more) => {
        const book = new PriceBook(where);
        expect(book.cost(name, some + more)).toBeGreaterThanOrEqual(book.cost(name, some));
        expect(book.cost(name, 0)).toBe(0);
      },
    ),
  );
});

describe("another region", () => {
  test("has its own price where one is known, and nothing stands in", () => {
    const book = new PriceBook("af-south-1");
    expect(book.cost("lambdaGbSecond_arm64", 1)).toBeCloseTo(0.00001768, 12);
    expect(book.substitutes()).toEqual([]);
  });

  test("has the common price where the source lists all that differ", () => {
    const book = new PriceBook("eu-west-1");
    expect(book.cost("lambdaGbSecond_arm64", 1)).toBeCloseTo(0.0000133334, 12);
    expect(book.substitutes()).toEqual([]);
  });

  test("says where a price of us-east-1 stands in, once each, and only for what was used", () => {
    const book = new PriceBook("eu-west-1");
    book.cost("apiCall", 5);
    book.cost("apiCall", 6);
    book.cost("trace", 0);
    expect(book.substitutes()).toEqual(['price of us-east-1 used for "REST API call" in region eu-west-1']);
  });

  test("has no price of the commercial lists in China or GovCloud", () => {
    const book = new PriceBook("cn-north-1");
    book.cost("lambdaRequest", 1);
    expect(book.substitutes()).toEqual(['price of us-east-1 used for "Lambda request" in region cn-north-1']);
  });

  test("is never missing at home", () => {
    const book = new PriceBook("us-east-1");
    for (const name of names) book.cost(name, 1);
    expect(book.substitutes()).toEqual([]);
  });
});

test.each([-1, NaN, Infinity])("a quantity of %p is refused by name", (quantity) => {
  expect(() => new PriceBook("us-east-1").cost("trace", quantity)).toThrow(
    `The quantity of "X-Ray trace recorded" is ${quantity}; allowed: a number from 0`,
  );
});
