import { evaluated, type Scope } from "./expression";
import {
  configurations,
  namedResources,
  withoutIndexes,
  type PlanJson,
  type ResourceConfiguration,
  type SourceResource,
  type StackSources,
  isMarkedAt,
  placeAt,
  Unknown,
} from "./plan-json";
import type { PlanResource } from "../kit/plan-changes";

/**
 * Where an attribute leads: to a resource of the plan, to something that the plan does not manage, or nobody can tell.
 */
export type Target = AuditedResource | "elsewhere" | "unclear";

/** A resource as an apply would leave it. */
export class AuditedResource {
  readonly address: string;
  readonly type: string;

  constructor(
    private readonly planned: PlanResource,
    private readonly plan: AuditedPlan,
    private readonly configuration: ResourceConfiguration | undefined,
  ) {
    this.address = planned.address;
    this.type = planned.type;
  }

  /** `module.a["x"].` of a resource in a module; empty in the root. */
  get module(): string {
    return /^(module\.[^.[]+(\[[^\]]*\])?\.)*/.exec(this.address)?.[0] ?? "";
  }

  /**
   * Value of an attribute, or of a place inside it. Undefined where it is not given, and AWS has its own default;
   * {@link Unknown} where it is given and known only after the apply. What a plan does not know is looked for in the
   * configuration.
   */
  get(...path: readonly (string | number)[]): unknown {
    const { after, after_unknown: marks } = this.planned.change;
    const value = placeAt(after, path);
    if (value !== undefined && value !== null && !isEmpty(value)) return value;
    if (!isMarkedAt(marks, path)) return undefined;
    // An expression that yields null leaves the attribute to AWS, which then makes it.
    return this.configured(path) ?? undefined;
  }

  /** The value for a message: what is secret stays so. */
  shown(...path: readonly (string | number)[]): string {
    const { after_sensitive: marks } = this.planned.change;
    if (marks === true || (typeof marks === "object" && isMarkedAt(marks, path))) return "a secret value";
    const value = this.get(...path);
    if (value === undefined) return "not given";
    if (value instanceof Unknown) return value.source ?? "known after the apply";
    const text = JSON.stringify(value);
    return text.length > 120 ? `${text.slice(0, 117)}...` : text;
  }

  /** Resources, as `type.name` of its own module, that an attribute's expression names. */
  names(attribute: string): string[] {
    return namedResources(this.configuration?.expressions?.[attribute]);
  }

  /**
   * Whether the configuration gives the attribute, as far as it can be told: a block that is there only sometimes is
   * not told.
   */
  gives(attribute: string): boolean {
    return this.configuration?.expressions?.[attribute] !== undefined;
  }

  /** Whether an expression, such as one of a setting, decides the attribute, and not a constant. */
  isDecided(attribute: string): boolean {
    const { constant_value: constant, references = [] } = (this.configuration?.expressions?.[attribute] ?? {}) as {
      constant_value?: unknown;
      references?: readonly string[];
    };
    return references.length > 0 || String(constant).includes("${");
  }

  /** Its attributes, for expressions that name it. */
  get attributes(): Readonly<Record<string, unknown>> {
    const { after, after_unknown: marks = {} } = this.planned.change;
    const later = Object.entries(marks).filter(([name, mark]) => mark === true && (after?.[name] ?? null) === null);
    return { ...after, ...Object.fromEntries(later.map(([name]) => [name, new Unknown(`${this.address}.${name}`)])) };
  }

  private configured([attribute = "", ...rest]: readonly (string | number)[]): unknown {
    const expressions = this.configuration?.expressions;
    const expression = placeAt(expressions, [attribute, ...rest]) as { constant_value?: unknown } | undefined;
    if (expression !== undefined && typeof expression === "object" && "constant_value" in expression)
      return this.plan.evaluate(expression.constant_value, this.module);
    // `variables` of `environment[0].variables.X`: the map is one expression.
    const around =
      rest.length > 0
        ? (placeAt(expressions, [attribute, ...rest.slice(0, -1)]) as { constant_value?: unknown } | undefined)
        : undefined;
    if (around?.constant_value !== undefined)
      return placeAt(this.plan.evaluate(around.constant_value, this.module), rest.slice(-1));
    if (expression !== undefined) return new Unknown();
    // What is configured without this attribute, or not at all, is left to AWS; a block that an expression makes cannot
    // be looked into.
    const isBlock = rest.length > 0 && expressions?.[String(attribute)] === undefined;
    return isBlock && this.plan.mayBeDynamic(this, String(attribute)) ? new Unknown() : undefined;
  }
}

/** A plan's resources, and how they lead to each other. */
export class AuditedPlan {
  readonly resources: readonly AuditedResource[];
  /** Locals that were evaluated: a policy's document is asked for by many rules. */
  private readonly locals = new Map<string, unknown>();
  private readonly scope: Scope = { lookUp: (path) => this.lookUp(path) };

  /** @param sources the stack that was planned. Default: unknown */
  constructor(
    private readonly json: PlanJson,
    private readonly sources?: StackSources,
  ) {
    const byAddress = configurations(json.configuration?.root_module);
    this.resources = (json.resource_changes ?? [])
      .filter(({ mode, change }) => mode === "managed" && change.after !== null)
      .map((planned) => new AuditedResource(planned, this, byAddress.get(withoutIndexes(planned.address))));
  }

  ofType(...types: readonly string[]): AuditedResource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }

  /** What an attribute leads to, among resources of some types. */
  target(from: AuditedResource, attribute: string, ...types: readonly string[]): Target {
    const value = from.get(attribute);
    return this.leadsTo(from, attribute, Array.isArray(value) ? (value as unknown[])[0] : value, types);
  }

  /** The same of one value that an attribute holds. */
  leadsTo(from: AuditedResource, attribute: string, value: unknown, types: readonly string[]): Target {
    const near = this.ofType(...types).filter(({ module }) => module === from.module);
    const named = from.names(attribute);
    const likely = near.filter(({ address, module }) =>
      named.includes(withoutIndexes(address).slice(withoutIndexes(module).length)),
    );
    if (typeof value === "string")
      return (
        [...likely, ...this.ofType(...types)].find((candidate) =>
          Object.values(candidate.attributes).includes(value),
        ) ?? "elsewhere"
      );
    if (value instanceof Unknown && value.source !== undefined) {
      const { source } = value;
      const exact = near.find(({ address }) => source.startsWith(`${address}.`));
      if (exact) return exact;
    }
    return likely.length === 1 ? likely[0]! : "unclear";
  }

  /** Resources of a type whose attribute leads to this one. Those of which nobody can tell are left out. */
  pointingAt(to: AuditedResource, type: string, attribute: string): AuditedResource[] {
    return this.ofType(type).filter((from) => this.target(from, attribute, to.type) === to);
  }

  /** What the sources say of a resource's lifecycle; undefined without sources, and in modules. */
  lifecycle(resource: AuditedResource): Readonly<Record<string, unknown>> | undefined {
    const source = this.source(resource);
    return source === undefined ? undefined : (source.lifecycle ?? {});
  }

  /**
   * Whether an expression may make a block of a resource: a plan does not tell it from one that is not configured, the
   * sources do.
   */
  mayBeDynamic(resource: AuditedResource, block: string): boolean {
    const source = this.source(resource);
    return source === undefined || source.dynamic?.[block] !== undefined;
  }

  private source({ address, module, type }: AuditedResource): SourceResource | undefined {
    if (module !== "" || this.sources?.resource === undefined) return undefined;
    return this.sources.resource[type]?.[withoutIndexes(address).slice(type.length + 1)] ?? {};
  }

  /**
   * A value of the configuration; with what this plan knows of variables, locals and resources. Those of modules stay
   * unknown.
   */
  evaluate(value: unknown, module: string): unknown {
    return evaluated(value, module === "" ? this.scope : { lookUp: () => new Unknown() });
  }

  private lookUp([first = "", second = "", ...rest]: readonly (string | number)[]): unknown {
    if (first === "var") return this.variable(String(second));
    if (first === "local") return this.local(String(second));
    const name = `${first}.${second}`;
    const instances = this.resources.filter(({ address, module }) => module === "" && withoutIndexes(address) === name);
    if (rest[0] === "*") return this.isConfigured(name) ? instances.map(({ attributes }) => attributes) : new Unknown();
    const index = typeof rest[0] === "number" ? rest[0] : undefined;
    const inner = index === undefined ? rest : rest.slice(1);
    const found = index === undefined ? instances[0] : instances.find(({ address }) => address === `${name}[${index}]`);
    return found === undefined ? new Unknown() : (placeAt(found.attributes, inner) ?? new Unknown());
  }

  private isConfigured(name: string): boolean {
    return this.json.configuration?.root_module?.resources?.some(({ address }) => address === name) ?? false;
  }

  /** What the plan gives a root variable; {@link Unknown} where it has none of that name, or hides it. */
  variable(name: string): unknown {
    const found = this.json.variables?.[name];
    // Whatever is built of it could be shown.
    if (found === undefined || this.json.configuration?.root_module?.variables?.[name]?.sensitive === true)
      return new Unknown();
    return found.value ?? null;
  }

  private local(name: string): unknown {
    const given = this.sources?.locals?.[name];
    if (given === undefined) return new Unknown();
    if (!this.locals.has(name)) this.locals.set(name, evaluated(given, this.scope));
    return this.locals.get(name);
  }
}

/** Terraform keeps what is not given as null, or as an empty list or text; `false` and 0 are values. */
const isEmpty = (value: unknown): boolean => value === "" || (Array.isArray(value) && value.length === 0);
