/** What one unit costs up to a volume of the month. */
export interface Tier {
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

const READ = "2026-11-21";
const GOLDEN = { source: "infracost's golden test files", asOf: "2024-07-01", read: READ } as const;
/** Of these the golden files were seen without their date. */
const UNDATED_GOLDEN = { ...GOLDEN, asOf: "undated" } as const;
const LAMBDA_SOURCES =
  "infracost's golden test files; other regions: public copy of calculator.aws, lambda.json (undated)";
const CALCULATOR = { source: "public copy of calculator.aws, lambda.json", asOf: "undated", read: READ } as const;
const THIRD_PARTY = {
  source: "third-party price overviews that agree with one another",
  asOf: "undated",
  read: READ,
} as const;

const MILLION = 1_000_000;
const BILLION = 1_000 * MILLION;
const flat = (usd: number): readonly Tier[] => [{ upTo: Infinity, usd }];

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

const lambda = {
  lambdaRequest: {
    what: "Lambda request",
    unit: "request",
    tiers: flat(0.2 / MILLION),
    elsewhere: "same",
    ...GOLDEN,
    source: LAMBDA_SOURCES,
    regions: {
      "af-south-1": 0.27 / MILLION,
      "ap-east-1": 0.28 / MILLION,
      "eu-south-1": 0.23 / MILLION,
      "eu-central-2": 0.22 / MILLION,
      "ap-southeast-5": 0.18 / MILLION,
    },
  },
  lambdaGbSecond_x86_64: {
    what: "Lambda duration, x86",
    unit: "GB-s",
    elsewhere: "same",
    ...UNDATED_GOLDEN,
    source: LAMBDA_SOURCES,
    tiers: [
      { upTo: 6 * BILLION, usd: 0.0000166667 },
      { upTo: 15 * BILLION, usd: 0.000015 },
      { upTo: Infinity, usd: 0.0000133334 },
    ],
    regions: {
      "af-south-1": 0.0000221,
      "ap-east-1": 0.00002292,
      "eu-south-1": 0.0000195172,
      "eu-central-2": 0.0000183334,
      "ap-southeast-5": 0.000015,
    },
  },
  lambdaGbSecond_arm64: {
    what: "Lambda duration, arm64",
    unit: "GB-s",
    elsewhere: "same",
    ...UNDATED_GOLDEN,
    source: LAMBDA_SOURCES,
    tiers: [
      { upTo: 7.5 * BILLION, usd: 0.0000133334 },
      { upTo: 18.75 * BILLION, usd: 0.0000120001 },
      { upTo: Infinity, usd: 0.0000106667 },
    ],
    regions: {
      "af-south-1": 0.00001768,
      "ap-east-1": 0.0000183,
      "eu-south-1": 0.0000156138,
      "eu-central-2": 0.0000146667,
      "ap-southeast-5": 0.000012,
    },
  },
  provisionedIdle_x86_64: {
    what: "Provisioned concurrency kept, x86",
    unit: "GB-s",
    tiers: flat(0.0000041667),
    elsewhere: "unknown",
    ...CALCULATOR,
    regions: { "eu-west-1": 0.000004646, "eu-central-1": 0.0000050147, "ap-northeast-1": 0.0000053835 },
  },
  provisionedRunning_x86_64: {
    what: "Duration on provisioned concurrency, x86",
    unit: "GB-s",
    tiers: flat(0.0000097222),
    elsewhere: "unknown",
    ...CALCULATOR,
    regions: { "eu-west-1": 0.0000108407, "eu-central-1": 0.0000117011, "ap-northeast-1": 0.0000125615 },
  },
  provisionedIdle_arm64: {
    what: "Provisioned concurrency kept, arm64",
    unit: "GB-s",
    tiers: flat(0.0000033333),
    elsewhere: "unknown",
    ...UNDATED_GOLDEN,
  },
  provisionedRunning_arm64: {
    what: "Duration on provisioned concurrency, arm64",
    unit: "GB-s",
    tiers: flat(0.0000077778),
    elsewhere: "unknown",
    ...UNDATED_GOLDEN,
  },
} as const satisfies Readonly<Record<string, Price>>;

const gateway = {
  apiCall: {
    what: "REST API call",
    unit: "call",
    elsewhere: "unknown",
    ...GOLDEN,
    tiers: [
      { upTo: 333 * MILLION, usd: 3.5 / MILLION },
      { upTo: 1 * BILLION, usd: 2.8 / MILLION },
      { upTo: 20 * BILLION, usd: 2.38 / MILLION },
      { upTo: Infinity, usd: 1.51 / MILLION },
    ],
  },
  distributionRequest: {
    what: "CloudFront HTTPS request",
    unit: "request",
    tiers: flat(0.01 / 10_000),
    elsewhere: "unknown",
    ...GOLDEN,
  },
  distributionOut: {
    what: "CloudFront data to viewers, first 10 TB, US and Europe",
    unit: "GB",
    tiers: flat(0.085),
    elsewhere: "unknown",
    ...GOLDEN,
  },
  distributionToOrigin: {
    what: "CloudFront data to the origin",
    unit: "GB",
    tiers: flat(0.02),
    elsewhere: "unknown",
    ...GOLDEN,
  },
  internetOut: {
    what: "Data to the internet, first 10 TB",
    unit: "GB",
    tiers: flat(0.09),
    elsewhere: "unknown",
    ...THIRD_PARTY,
  },
} as const satisfies Readonly<Record<string, Price>>;

const DYNAMODB = {
  source: "infracost's golden test files, after the price cut of 2024-11-01",
  asOf: "2024-11-15",
  read: READ,
} as const;
const stores = {
  dynamoWrite: {
    what: "DynamoDB on-demand write",
    unit: "write request unit (1 KB)",
    tiers: flat(0.625 / MILLION),
    elsewhere: "unknown",
    ...DYNAMODB,
  },
  dynamoRead: {
    what: "DynamoDB on-demand read",
    unit: "read request unit (4 KB, consistent)",
    tiers: flat(0.125 / MILLION),
    elsewhere: "unknown",
    ...DYNAMODB,
  },
  dynamoStorage: { what: "DynamoDB storage", unit: "GB-month", tiers: flat(0.25), elsewhere: "unknown", ...DYNAMODB },
  dynamoBackup: {
    what: "DynamoDB point-in-time recovery",
    unit: "GB-month",
    tiers: flat(0.2),
    elsewhere: "unknown",
    ...DYNAMODB,
  },
  queueRequest: {
    what: "SQS request, standard queue",
    unit: "request",
    tiers: flat(0.4 / MILLION),
    elsewhere: "unknown",
    ...UNDATED_GOLDEN,
  },
  objectPut: { what: "S3 PUT", unit: "request", tiers: flat(0.005 / 1_000), elsewhere: "unknown", ...THIRD_PARTY },
  objectGet: { what: "S3 GET", unit: "request", tiers: flat(0.0004 / 1_000), elsewhere: "unknown", ...THIRD_PARTY },
  objectStorage: {
    what: "S3 Standard storage",
    unit: "GB-month",
    tiers: flat(0.023),
    elsewhere: "unknown",
    ...THIRD_PARTY,
  },
} as const satisfies Readonly<Record<string, Price>>;

const watching = {
  logIn: { what: "CloudWatch Logs taken in", unit: "GB", tiers: flat(0.5), elsewhere: "unknown", ...GOLDEN },
  logStored: { what: "CloudWatch Logs kept", unit: "GB-month", tiers: flat(0.03), elsewhere: "unknown", ...GOLDEN },
  alarmMetric: {
    what: "CloudWatch alarm, each metric in it",
    unit: "month",
    tiers: flat(0.1),
    elsewhere: "unknown",
    ...GOLDEN,
  },
  alarmMetricHighResolution: {
    what: "CloudWatch high-resolution alarm, each metric in it",
    unit: "month",
    tiers: flat(0.3),
    elsewhere: "unknown",
    ...GOLDEN,
  },
  alarmComposite: {
    what: "CloudWatch composite alarm",
    unit: "month",
    tiers: flat(0.5),
    elsewhere: "unknown",
    ...THIRD_PARTY,
  },
  dashboard: { what: "CloudWatch dashboard", unit: "month", tiers: flat(3), elsewhere: "unknown", ...GOLDEN },
  customMetric: {
    what: "CloudWatch custom metric, first 10,000",
    unit: "month",
    tiers: flat(0.3),
    elsewhere: "unknown",
    ...THIRD_PARTY,
  },
  trace: {
    what: "X-Ray trace recorded",
    unit: "trace",
    tiers: flat(5 / MILLION),
    elsewhere: "unknown",
    source: "aws.amazon.com/xray/pricing",
    asOf: "undated",
    read: READ,
  },
} as const satisfies Readonly<Record<string, Price>>;

const cacheHours = Object.fromEntries(
  CACHE_SIZES.map((size) => [
    `cacheHour_${size}`,
    {
      what: `API cache of ${size} GB`,
      unit: "hour",
      tiers: flat(CACHE_HOURS[size]),
      elsewhere: "unknown",
      ...(["0.5", "237"].includes(size) ? UNDATED_GOLDEN : { ...THIRD_PARTY, source: "kejyun/aws-learning-notes" }),
    },
  ]),
) as unknown as Readonly<Record<`cacheHour_${CacheSize}`, Price>>;

/** Every price that the cost model uses. The one table: nothing else names a price of AWS. */
export const PRICES = { ...lambda, ...gateway, ...cacheHours, ...stores, ...watching } as const satisfies Readonly<
  Record<string, Price>
>;
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
        `The quantity of "${price.what}" is ${quantity}; allowed: a number from 0. Check the usage that it was computed from`,
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
