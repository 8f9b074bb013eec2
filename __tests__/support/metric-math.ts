export { metricMath, type Expression, type Period } from "../../scripts/dashboard/chart";
