/** What one unit costs up to a volume of the month. */
interface Tier {
  /** Units of a month up to which this price holds; the last tier's is Infinity. */
  readonly upTo: number;
  /** US dollars a unit. */
  readonly usd: number;
}

/** One price of AWS's lists, in us-east-1, without free tiers. */
export interface Price {
  /** What is paid for. */
  readonly what: string;
  /** What one of it is. */
  readonly unit: string;
  readonly tiers: readonly Tier[];
  /** First tier's price where it is known to differ, by region. Default: none is known. */
  readonly regions?: Readonly<Record<string, number>>;
  /** `same`: the source lists every commercial region that differs. `unknown`: other regions may differ. */
  readonly elsewhere: "same" | "unknown";
  readonly source: string;
  /** Date that the source gives for it, or `undated`. */
  readonly asOf: string;
  /** Date on which the source was read. */
  readonly read: string;
}

/** Where a price comes from. All sources were read on 2026-11-21. */
type Source = Pick<Price, "source" | "asOf" | "read">;
const readFrom = (source: string, asOf = "undated"): Source => ({ source, asOf, read: "2026-11-21" });

const GOLDEN = readFrom("infracost's golden test files", "2024-07-01");
/** The golden files of these prices were seen without their date. */
const UNDATED_GOLDEN = readFrom("infracost's golden test files");
const DYNAMODB = readFrom("infracost's golden test files, after the price cut of 2024-11-01", "2024-11-15");
const CALCULATOR = readFrom("public copy of calculator.aws, lambda.json");
const LAMBDA_SOURCES =
  "infracost's golden test files; other regions: public copy of calculator.aws, lambda.json (undated)";
const THIRD_PARTY = readFrom("third-party price overviews that agree with one another");
const NOTES = readFrom("kejyun/aws-learning-notes");
const XRAY = readFrom("aws.amazon.com/xray/pricing");

const MILLION = 1_000_000;
const BILLION = 1_000 * MILLION;

/** What one is called, its unit, dollars a unit (or tiers, the last one endless), and the source. */
type Row = readonly [
  what: string,
  unit: string,
  usd: number | readonly (readonly [upTo: number, usd: number])[],
  Source,
];

const priceOf = ([what, unit, usd, source]: Row): Price => ({
  what,
  unit,
  tiers: typeof usd === "number" ? [{ upTo: Infinity, usd }] : usd.map(([upTo, each]) => ({ upTo, usd: each })),
  elsewhere: "unknown",
  ...source,
});

/**
 * Dollars an hour by GB of the cluster. infracost confirms the first and the last (14.60 and 2,774.00 for 730 hours);
 * the others are from kejyun/aws-learning-notes.
 */
const CACHE_HOURS = {
  "0.5": 0.02,
  "1.6": 0.038,
  "6.1": 0.2,
  "13.5": 0.25,
  "28.4": 0.5,
  "58.2": 1,
  "118": 1.9,
  "237": 3.8,
} as const;
export type CacheSize = keyof typeof CACHE_HOURS;
/** Sizes of an API cache that have a price, in GB as API Gateway names them, smallest first. */
export const CACHE_SIZES: readonly CacheSize[] = (Object.keys(CACHE_HOURS) as CacheSize[]).sort(
  (left, right) => Number(left) - Number(right),
);
const cacheSource = (size: CacheSize): Source => (["0.5", "237"].includes(size) ? UNDATED_GOLDEN : NOTES);

/** Lambda's prices on demand. Their lists name every commercial region that differs. */
const LAMBDA = {
  lambdaRequest: {
    ...priceOf(["Lambda request", "request", 0.2 / MILLION, { ...GOLDEN, source: LAMBDA_SOURCES }]),
    elsewhere: "same",
    regions: {
      "af-south-1": 0.27 / MILLION,
      "ap-east-1": 0.28 / MILLION,
      "eu-south-1": 0.23 / MILLION,
      "eu-central-2": 0.22 / MILLION,
      "ap-southeast-5": 0.18 / MILLION,
    },
  },
  lambdaGbSecond_x86_64: {
    ...priceOf([
      "Lambda duration, x86",
      "GB-s",
      [
        [6 * BILLION, 0.0000166667],
        [15 * BILLION, 0.000015],
        [Infinity, 0.0000133334],
      ],
      { ...UNDATED_GOLDEN, source: LAMBDA_SOURCES },
    ]),
    elsewhere: "same",
    regions: {
      "af-south-1": 0.0000221,
      "ap-east-1": 0.00002292,
      "eu-south-1": 0.0000195172,
      "eu-central-2": 0.0000183334,
      "ap-southeast-5": 0.000015,
    },
  },
  lambdaGbSecond_arm64: {
    ...priceOf([
      "Lambda duration, arm64",
      "GB-s",
      [
        [7.5 * BILLION, 0.0000133334],
        [18.75 * BILLION, 0.0000120001],
        [Infinity, 0.0000106667],
      ],
      { ...UNDATED_GOLDEN, source: LAMBDA_SOURCES },
    ]),
    elsewhere: "same",
    regions: {
      "af-south-1": 0.00001768,
      "ap-east-1": 0.0000183,
      "eu-south-1": 0.0000156138,
      "eu-central-2": 0.0000146667,
      "ap-southeast-5": 0.000012,
    },
  },
  provisionedIdle_x86_64: {
    ...priceOf(["Provisioned concurrency kept, x86", "GB-s", 0.0000041667, CALCULATOR]),
    regions: { "eu-west-1": 0.000004646, "eu-central-1": 0.0000050147, "ap-northeast-1": 0.0000053835 },
  },
  provisionedRunning_x86_64: {
    ...priceOf(["Duration on provisioned concurrency, x86", "GB-s", 0.0000097222, CALCULATOR]),
    regions: { "eu-west-1": 0.0000108407, "eu-central-1": 0.0000117011, "ap-northeast-1": 0.0000125615 },
  },
} satisfies Readonly<Record<string, Price>>;

const API_CALL_TIERS = [
  [333 * MILLION, 3.5 / MILLION],
  [BILLION, 2.8 / MILLION],
  [20 * BILLION, 2.38 / MILLION],
  [Infinity, 1.51 / MILLION],
] as const;

/** Prices of us-east-1 of which other regions' are not known. */
const ROWS = {
  provisionedIdle_arm64: ["Provisioned concurrency kept, arm64", "GB-s", 0.0000033333, UNDATED_GOLDEN],
  provisionedRunning_arm64: ["Duration on provisioned concurrency, arm64", "GB-s", 0.0000077778, UNDATED_GOLDEN],
  apiCall: ["REST API call", "call", API_CALL_TIERS, GOLDEN],
  distributionRequest: ["CloudFront HTTPS request", "request", 0.01 / 10_000, GOLDEN],
  distributionOut: ["CloudFront data to viewers, first 10 TB, US and Europe", "GB", 0.085, GOLDEN],
  distributionToOrigin: ["CloudFront data to the origin", "GB", 0.02, GOLDEN],
  internetOut: ["Data to the internet, first 10 TB", "GB", 0.09, THIRD_PARTY],
  dynamoWrite: ["DynamoDB on-demand write", "write request unit (1 KB)", 0.625 / MILLION, DYNAMODB],
  dynamoRead: ["DynamoDB on-demand read", "read request unit (4 KB, consistent)", 0.125 / MILLION, DYNAMODB],
  dynamoStorage: ["DynamoDB storage", "GB-month", 0.25, DYNAMODB],
  dynamoBackup: ["DynamoDB point-in-time recovery", "GB-month", 0.2, DYNAMODB],
  queueRequest: ["SQS request, standard queue", "request", 0.4 / MILLION, UNDATED_GOLDEN],
  objectPut: ["S3 PUT", "request", 0.005 / 1_000, THIRD_PARTY],
  objectGet: ["S3 GET", "request", 0.0004 / 1_000, THIRD_PARTY],
  objectStorage: ["S3 Standard storage", "GB-month", 0.023, THIRD_PARTY],
  logIn: ["CloudWatch Logs taken in", "GB", 0.5, GOLDEN],
  logStored: ["CloudWatch Logs kept", "GB-month", 0.03, GOLDEN],
  alarmMetric: ["CloudWatch alarm, each metric in it", "month", 0.1, GOLDEN],
  alarmMetricHighResolution: ["CloudWatch high-resolution alarm, each metric in it", "month", 0.3, GOLDEN],
  alarmComposite: ["CloudWatch composite alarm", "month", 0.5, THIRD_PARTY],
  dashboard: ["CloudWatch dashboard", "month", 3, GOLDEN],
  customMetric: ["CloudWatch custom metric, first 10,000", "month", 0.3, THIRD_PARTY],
  trace: ["X-Ray trace recorded", "trace", 5 / MILLION, XRAY],
} as const satisfies Readonly<Record<string, Row>>;

type RowName = keyof typeof ROWS | `cacheHour_${CacheSize}`;
const prices = Object.fromEntries([
  ...Object.entries(ROWS).map(([name, row]) => [name, priceOf(row)]),
  ...CACHE_SIZES.map((size) => [
    `cacheHour_${size}`,
    priceOf([`API cache of ${size} GB`, "hour", CACHE_HOURS[size], cacheSource(size)]),
  ]),
]) as Readonly<Record<RowName, Price>>;

/** Every price that the cost model uses. The one table: nothing else names a price of AWS. */
export const PRICES: Readonly<Record<keyof typeof LAMBDA | RowName, Price>> = { ...LAMBDA, ...prices };
export type PriceName = keyof typeof PRICES;

/** Region of the table's own prices. */
export const HOME_REGION = "us-east-1";

/** The prices of one region, and where those of us-east-1 stand in for them. */
export class PriceBook {
  private readonly used = new Set<PriceName>();

  /** `region`: an AWS region's code, such as eu-west-1. */
  constructor(readonly region: string) {}

  /**
   * Dollars for a month's `quantity` (in the price's unit), tier by tier. Throws where the quantity is negative or no
   * number.
   */
  cost(name: PriceName, quantity: number): number {
    const price: Price = PRICES[name];
    if (!(quantity >= 0) || quantity === Infinity)
      throw new Error(
        `The quantity of "${price.what}" is ${quantity}; allowed: a number from 0. Check the usage that it was ` +
          "computed from",
      );
    if (quantity > 0) this.used.add(name);
    let [usd, from] = [0, 0];
    for (const tier of price.tiers) {
      usd += Math.max(0, Math.min(quantity, tier.upTo) - from) * tier.usd;
      from = tier.upTo;
    }
    return usd * this.factor(price);
  }

  /** What a price of us-east-1 was used for, because the region's own is not known here. */
  substitutes(): string[] {
    return [...this.used]
      .filter((name) => this.isSubstitute(PRICES[name]))
      .map((name) => `price of ${HOME_REGION} used for "${PRICES[name].what}" in region ${this.region}`)
      .sort();
  }

  /** A region's higher tiers are taken to be lower by the same shares as in us-east-1: no list here has them. */
  private factor({ regions, tiers }: Price): number {
    return (regions?.[this.region] ?? tiers[0]!.usd) / tiers[0]!.usd;
  }

  private isSubstitute({ regions, elsewhere }: Price): boolean {
    if (this.region === HOME_REGION || regions?.[this.region] !== undefined) return false;
    // The lists are of the commercial regions.
    return elsewhere === "unknown" || /^(cn|us-gov|us-iso)/.test(this.region);
  }
}
