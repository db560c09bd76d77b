// Package dump writes values as JSON and YAML for people and programs: results,
// inventories, reports. A value.Secret is never written; it reads ********.
package dump

import (
	"sort"

	"drover/playbook/value"
)

// Hidden is what is printed for a secret.
const Hidden = "********"

// Style says how JSON is laid out: Indent 0 is one line with ", " and ": "
// between, as Python writes it; Compact leaves those spaces out.
type Style struct {
	Indent  string
	Sort    bool
	Compact bool
}

// JSON writes v as JSON with characters beyond ASCII as they are; the order of
// dicts is kept unless the style sorts. What JSON can't express is written as
// its text.
func JSON(v value.Value, s Style) string {
	o := value.JSONOptions{Pretty: s.Indent != "", Indent: s.Indent, SortKeys: s.Sort, RawUTF8: true, SkipKeys: true}
	if s.Compact {
		o.Item, o.Key = ",", ":"
	}
	masked := Mask(v)
	out, err := value.AppendJSON(nil, masked, o)
	if err != nil {
		return value.JSON(masked)
	}
	return string(out)
}

// Mask gives v with every secret in it hidden; without any, v itself.
func Mask(v value.Value) value.Value {
	if !value.IsSecret(v) {
		return v
	}
	switch v := v.(type) {
	case *value.List:
		return &value.List{Elems: maskAll(v.Elems)}
	case value.Tuple:
		return value.Tuple(maskAll(v))
	case *value.Dict:
		d := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			d.Set(Mask(e.Key), Mask(e.Val))
		}
		return d
	}
	return value.Str(Hidden)
}

func maskAll(vs []value.Value) []value.Value {
	out := make([]value.Value, len(vs))
	for i, v := range vs {
		out[i] = Mask(v)
	}
	return out
}

// Text is str() of a value, hidden when it is or holds a secret; "" for nil.
func Text(v value.Value) string {
	if v == nil {
		return ""
	}
	if value.IsSecret(v) {
		return Hidden
	}
	return value.String(v)
}

func byText(keys []value.Value) []value.Value {
	sort.SliceStable(keys, func(i, j int) bool {
		return value.String(keys[i]) < value.String(keys[j])
	})
	return keys
}
