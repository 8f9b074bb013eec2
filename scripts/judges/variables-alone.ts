/** As much of a synthesized stack as its variables need. */
interface VariablesJson {
  readonly variable: Readonly<Record<string, { readonly validation?: readonly object[] }>>;
  readonly locals: Readonly<Record<string, unknown>>;
}

/**
 * The variables of a stack, with the locals that their validations name: terraform judges values by it in half a
 * second, without a provider, a state or an account. A validation that needs more than variables is left out.
 */
export function variablesAlone({ variable = {}, locals = {} }: Partial<VariablesJson>): VariablesJson {
  const kept = new Set<string>();
  const isKnown = (value: unknown): boolean => {
    const text = JSON.stringify(value);
    if (/\b(data|module|path|terraform|each|self|aws_[a-z0-9_]+)\./.test(text)) return false;
    return [...text.matchAll(/\blocal\.(\w+)/g)].every(([, name = ""]) => {
      if (kept.has(name)) return true;
      if (!(name in locals) || !isKnown(locals[name])) return false;
      kept.add(name);
      return true;
    });
  };
  const judged = Object.fromEntries(
    Object.entries(variable).map(([name, declared]) => [
      name,
      { ...declared, validation: (declared.validation ?? []).filter(isKnown) },
    ]),
  );
  return { variable: judged, locals: Object.fromEntries([...kept].sort().map((name) => [name, locals[name]])) };
}
