/** The libraries that Kubernetes adds, by the examples of its documentation. @see kubernetes.io/docs/reference/using-api/cel */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CelBudget } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { CelEnvironment } from '../environment.ts';

const ENVIRONMENT = new CelEnvironment({});

function evaluate(text: string) {
  return ENVIRONMENT.compile(text).evaluate([], new CelBudget(1_000_000));
}

/** Texts that are all true. */
const TRUE: Readonly<Record<string, readonly string[]>> = {
  strings: [
    '"hello".charAt(4) == "o" && "hello".charAt(5) == "" && "a😀b".indexOf("b") == 2 && "hello".indexOf("l", 3) == 3',
    '"hello mellow".lastIndexOf("ello") == 7 && "hello".indexOf("z") == -1 && "hello".lastIndexOf("l", 2) == 2',
    '"TacoCat".lowerAscii() == "tacocat" && "TacoCÆt".upperAscii() == "TACOCÆT" && "  a\\t".trim() == "a"',
    '"hello hello".replace("he", "we", 1) == "wello hello" && "hello".replace("l", "") == "heo" && "ab".replace("", "-") == "-a-b-"',
    '"a b c".split(" ") == ["a", "b", "c"] && "a b c".split(" ", 2) == ["a", "b c"] && "abc".split("") == ["a", "b", "c"]',
    '["a", "b"].join() == "ab" && ["a", "b"].join("-") == "a-b" && "tacocat".substring(4) == "cat" && "tacocat".substring(0, 4) == "taco"',
    '"abc".contains("b") && "abc".startsWith("ab") && "abc".endsWith("bc")',
    'strings.quote("a\\"b\\n") == "\\"a\\\\\\"b\\\\n\\""',
  ],
  format: [
    '"%s has %d (%.2f) %x %X %b %o %e %%".format(["a", 3, 1.5, 255, "z", 5, 8, 1000.0]) == "a has 3 (1.50) ff 7A 101 10 1.000000e+03 %"',
    '"%s".format([[1, "a", {"b": null}]]) == "[1, a, {b: null}]" && "%s".format([duration("90s")]) == "90s"',
    '"%s %s".format([true, 1.5]) == "true 1.5" && "%b".format([true]) == "1" && "%f".format([1]) == "1.000000"',
  ],
  lists: [
    '[1, 2].isSorted() && !["b", "a"].isSorted() && [1, 2].sum() == 3 && [1.5].sum() == 1.5 && [].sum() == 0',
    '[3, 1].min() == 1 && ["a", "b"].max() == "b" && [1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(3) == -1',
    'sets.contains([1, 2, 3], [3, 1]) && sets.equivalent([1, 2], [2, 1, 1]) && sets.intersects([1], [1, 2]) && !sets.intersects([1], [])',
  ],
  regex: [
    '"abc 123".find("[0-9]+") == "123" && "abc".find("[0-9]+") == "" && "1 22 3".findAll("[0-9]+") == ["1", "22", "3"]',
    '"1 22 3".findAll("[0-9]+", 2) == ["1", "22"] && "foobar".matches("foo.*") && !"foobar".matches("^bar")',
  ],
  urls: [
    'url("https://user@example.com:80/a%20b?k=1&k=2#f").getScheme() == "https" && url("https://example.com:80/").getHost() == "example.com:80"',
    'url("https://[::1]:80/path").getHostname() == "::1" && url("https://example.com:80/").getPort() == "80" && url("https://example.com/a b".replace(" ", "%20")).getEscapedPath() == "/a%20b"',
    'url("https://example.com/p?k1=a&k2=b&k2=c").getQuery() == {"k1": ["a"], "k2": ["b", "c"]} && isURL("/absolute") && !isURL("../relative") && !isURL("https://a:b:c/")',
  ],
  quantities: [
    'quantity("1.5Gi").isGreaterThan(quantity("1G")) && isQuantity("50M") && !isQuantity("50m!") && quantity("50k").compareTo(quantity("50000")) == 0',
    'quantity("50k").add(20).asInteger() == 50020 && quantity("50k").sub(quantity("20k")) == quantity("30k") && !quantity("1.5").isInteger()',
    'quantity("1.5").asApproximateFloat() == 1.5 && quantity("-1").sign() == -1 && type(quantity("1")) == kubernetes.Quantity',
  ],
  network: [
    'ip("192.168.0.1").family() == 4 && ip("::1").isLoopback() && isIP("::") && !isIP("1.2.3") && !isIP("::ffff:1.2.3.4") && ip("0:0:0:0:0:0:0:1") == ip("::1")',
    'ip.isCanonical("::1") && !ip.isCanonical("0::1") && ip("169.254.0.1").isLinkLocalUnicast() && ip("8.8.8.8").isGlobalUnicast() && string(ip("1.2.3.4")) == "1.2.3.4"',
    'cidr("192.168.0.0/24").containsIP("192.168.0.1") && !cidr("192.168.0.0/24").containsIP(ip("192.168.1.1")) && cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")',
    'cidr("192.168.0.1/24").masked() == cidr("192.168.0.0/24") && cidr("::/64").prefixLength() == 64 && isCIDR("::1/128") && !isCIDR("::1/129") && cidr("10.0.0.0/8").ip() == ip("10.0.0.0")',
  ],
  semver: [
    'semver("1.2.3").major() == 1 && semver("1.2.3-alpha").isLessThan(semver("1.2.3")) && isSemver("1.0.0") && !isSemver("1.0") && isSemver("v1.0", true)',
    'semver("1.2.3-alpha.2").isLessThan(semver("1.2.3-alpha.10")) && semver("1.2.3").compareTo(semver("1.2.3+build")) == 0',
  ],
  images: [
    'image("kube-apiserver:testtag").registry() == "index.docker.io" && image("registry.k8s.io/kube-apiserver").tag() == "latest"',
    'image("registry.k8s.io:5000/a/b:v1").repository() == "a/b" && image("localhost/xy").registry() == "localhost" && image("nginx").repository() == "library/nginx"',
    `image("a.io/xy:v1@sha256:${'6a'.repeat(32)}").containsDigest() && image("a.io/xy@sha256:${'6a'.repeat(32)}").identifier().startsWith("sha256:")`,
    'isImage("nginx") && !isImage("registry.k8s.io//kube-apiserver") && !isImage("UPPER") && !isImage("x@sha256:1") && !isImage("x:")',
  ],
  formats: [
    'format.dns1123Label().validate("my-name") == optional.none() && format.dns1123Label().validate("My_name").hasValue()',
    'format.named("qualifiedName").value().validate("a/b") == optional.none() && !format.named("nope").hasValue()',
    'format.uuid().validate("123e4567-e89b-12d3-a456-426614174000") == optional.none() && format.dns1123LabelPrefix().validate("abc-") == optional.none()',
  ],
};

for (const [area, texts] of Object.entries(TRUE)) {
  test(`STANDARD_FUNCTIONS have ${area} as documented`, () => {
    for (const text of texts) assert.equal(evaluate(text), true, text);
  });
}

test('STANDARD_FUNCTIONS fail where they have no answer', () => {
  for (const text of [
    '[].min()',
    'quantity("x")',
    'url("nope")',
    'ip("1")',
    'cidr("1")',
    'semver("1")',
    '"abc".substring(4)',
    '"a".matches("(" + "")',
    '"%d".format(["a"])',
    '"%s".format([])',
  ]) {
    assert.throws(() => evaluate(text), CelError, text);
  }
});

test('STANDARD_FUNCTIONS count what they go through', () => {
  const budget = new CelBudget(1_000_000);
  const program = ENVIRONMENT.compile(`"${'a'.repeat(10_000)}".contains("b")`);
  program.evaluate([], budget);
  assert.ok(budget.used >= 1000, String(budget.used));
  const growing = `"aaaaaaaaaa"${'.replace("a", "aaaaaaaaaa")'.repeat(9)}`;
  assert.throws(() => evaluate(growing), /cost limit exceeded/);
});
