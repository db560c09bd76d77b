package value

import (
	"fmt"
	"math/big"
	"sort"
)

// FromGo turns plain Go data (nil, bool, ints, floats, string, []byte,
// []string, []any, map[string]any in sorted key order, Value) into a Value.
// Any other type is a programming error and panics.
func FromGo(x any) Value {
	switch x := x.(type) {
	case nil:
		return None
	case Value:
		return x
	case bool:
		return Bool(x)
	case int:
		return Int(x)
	case int32:
		return Int(x)
	case int64:
		return Int(x)
	case uint32:
		return Int(x)
	case uint64:
		return NewInt(new(big.Int).SetUint64(x))
	case float64:
		return Float(x)
	case string:
		return Str(x)
	case []byte:
		return Bytes(x)
	case []string:
		return Strings(x...)
	case []any:
		l := &List{Elems: make([]Value, len(x))}
		for i, e := range x {
			l.Elems[i] = FromGo(e)
		}
		return l
	case map[string]any:
		return fromMap(x)
	}
	panic(fmt.Sprintf("value.FromGo: unsupported type %T", x))
}

func fromMap(m map[string]any) *Dict {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	d := NewDict(len(m))
	for _, k := range keys {
		d.Put(k, FromGo(m[k]))
	}
	return d
}

// ToGo turns a value into plain Go data for libraries that want it (JMESPath):
// nil, bool, int64, *big.Int, float64, string, []any, map[string]any.
func ToGo(v Value) any {
	switch v := v.(type) {
	case none:
		return nil
	case Bool:
		return bool(v)
	case Int:
		return int64(v)
	case *BigInt:
		return v.N
	case Float:
		return float64(v)
	case Mapping:
		m := make(map[string]any, v.Len())
		for _, k := range v.Keys() {
			e, _, _ := v.Get(k)
			m[String(k)] = ToGo(e)
		}
		return m
	case Sequence:
		l := make([]any, v.Len())
		for i := range l {
			l[i] = ToGo(v.Index(i))
		}
		return l
	}
	return String(v)
}
