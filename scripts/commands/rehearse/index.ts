export { rehearseAllKills } from "./all-kills";
export { rehearse, type RehearseOptions } from "./rehearse";
