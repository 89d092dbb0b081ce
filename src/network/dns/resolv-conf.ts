/** Reads what resolv.conf(5) says of nameservers, search domains and options; of several `search` lines the last counts. */
export interface ResolvConf {
  servers: string[];
  searches: string[];
  options: string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const parsed: ResolvConf = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) parsed.servers.push(values[0]);
    // The root alone (`search .`) is no suffix.
    else if (keyword === 'search') parsed.searches = values.filter((domain) => domain !== '.');
    else if (keyword === 'options') parsed.options.push(...values);
  }
  return parsed;
}
