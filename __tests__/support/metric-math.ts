export { metricMath, type Expression, type Period } from "../../scripts/judges/metric-math";
