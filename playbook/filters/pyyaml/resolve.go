package pyyaml

import "drover/internal/lazyre"

// The kinds of plain scalars of YAML 1.1.
type kind string

const (
	kindStr       kind = "str"
	kindNull      kind = "null"
	kindBool      kind = "bool"
	kindInt       kind = "int"
	kindFloat     kind = "float"
	kindTimestamp kind = "timestamp"
	kindBinary    kind = "binary"
	kindOther     kind = "" // merge keys and the like: never what a value is
)

var resolvers = []struct {
	kind kind
	re   *lazyre.Regexp
}{
	{kindBool, lazyre.New(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)},
	{kindNull, lazyre.New(`^(?:~|null|Null|NULL|)$`)},
	{kindInt, lazyre.New(`^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)},
	{kindFloat, lazyre.New(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|` +
		`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)},
	{kindTimestamp, lazyre.New(`^(?:[0-9]{4}-[0-9][0-9]-[0-9][0-9]|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)` +
		`[0-9][0-9]?:[0-9][0-9]:[0-9][0-9](?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?)$`)},
	{kindOther, lazyre.New(`^(?:<<|=|[!&*])$`)},
}

// resolve says what a plain scalar with this text would be read as.
func resolve(s string) kind {
	if s != "" && !mayResolve[s[0]] {
		return kindStr
	}
	for i := range resolvers {
		if resolvers[i].re.MatchString(s) {
			return resolvers[i].kind
		}
	}
	return kindStr
}

// mayResolve holds the first characters of everything that is not a string.
var mayResolve = func() (set [256]bool) {
	for _, c := range []byte("yYnNtTfFoO~-+.0123456789<=!&*") {
		set[c] = true
	}
	return set
}()
