import { PriceBook, HOME_REGION } from "../prices";

/** What of an alarm decides its price. */
export interface AlarmShape {
  /** Metrics that it reads: an expression over two counts two. Without meaning for a composite alarm. */
  readonly metrics: number;
  /** Periods below a minute. Default: false. */
  readonly highResolution?: boolean;
  /** An alarm over other alarms: one price, whatever it watches. Default: false. */
  readonly composite?: boolean;
}

/**
 * Dollars a month of a set of alarms. `book`: default us-east-1's prices. Throws where an alarm's count of metrics is
 * not a whole number from 0.
 */
export function alarmSetCost(alarms: readonly AlarmShape[], book: PriceBook = new PriceBook(HOME_REGION)): number {
  return alarms.reduce((usd, alarm) => usd + alarmCost(alarm, book), 0);
}

function alarmCost({ metrics, highResolution = false, composite = false }: AlarmShape, book: PriceBook): number {
  if (!Number.isInteger(metrics) || metrics < 0)
    throw new Error(`An alarm reads ${metrics} metrics; allowed: a whole number from 0`);
  if (composite) return book.cost("alarmComposite", 1);
  return book.cost(highResolution ? "alarmMetricHighResolution" : "alarmMetric", metrics);
}
