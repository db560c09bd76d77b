package filters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

// dataFilters turn lists and dicts into other lists and dicts.
var dataFilters = []entry{
	{"dict2items", "value key_name? value_name?", dict2items, lazy},
	{"items2dict", "value key_name? value_name?", items2dict, 0},
	{"subelements", "value subelements skip_missing?", subelementsFilter, 0},
	{"rekey_on_member", "value key duplicates?", rekeyOnMember, 0},
	{"extract", "item container morekeys?", extract, lazy},
	{"flatten", "value levels? skip_nulls?", flatten, 0},
	{"ternary", "value true_val false_val none_val?", ternary, lazy | undefinedOK},
	{"bool", "value", boolFilter, lazy},
	{"mandatory", "value msg?", mandatory, lazy | undefinedOK},
	{"type_debug", "value", typeDebug, lazy | undefinedOK},
	{"split", "value sep? maxsplit?", split, 0},
}

func dict2items(a *args) (value.Value, error) {
	m, ok := a.val("value").(value.Mapping)
	if !ok {
		return nil, fmt.Errorf("dict2items requires a dictionary, got %s instead.", className(a.val("value")))
	}
	keyName, valueName := a.given("key_name", value.Str("key")), a.given("value_name", value.Str("value"))
	for _, name := range []value.Value{keyName, valueName} {
		if !hashable(name) {
			return nil, jinja.TypeErrorf("unhashable type: '%s'", name.Type())
		}
	}
	out := &value.List{}
	for _, k := range m.Keys() {
		v, _, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		item := value.NewDict(2)
		item.Set(keyName, k)
		item.Set(valueName, v)
		out.Append(item)
	}
	return out, nil
}

func items2dict(a *args) (value.Value, error) {
	list := a.val("value")
	items, ok := asSequence(list)
	if !ok {
		return nil, fmt.Errorf("items2dict requires a list, got %s instead.", className(list))
	}
	keyName, valueName := orStr(a.val("key_name"), "key"), orStr(a.val("value_name"), "value")
	out := value.NewDict(len(items))
	for _, item := range items {
		k, errKey := subscript(item, keyName)
		v, errVal := subscript(item, valueName)
		switch err := errors.Join(errKey, errVal); {
		case errors.Is(err, errWrongIndex):
			return nil, fmt.Errorf("items2dict requires a list of dictionaries, got %s instead.", value.Repr(list))
		case errors.Is(err, errNoKey):
			return nil, fmt.Errorf("items2dict requires each dictionary in the list to contain the keys '%s' and '%s', got %s instead.",
				value.String(keyName), value.String(valueName), value.Repr(list))
		case err != nil:
			return nil, err
		}
		out.Set(k, v)
	}
	return out, nil
}

func orStr(v value.Value, def string) value.Value {
	if v == value.None {
		return value.Str(def)
	}
	return v
}

var (
	errNoKey      = errors.New("key not found")
	errWrongIndex = errors.New("not a container for this key")
	errOutOfRange = errors.New("list index out of range")
)

// subscript is Python's v[key], without attributes.
func subscript(v, key value.Value) (value.Value, error) {
	if m, ok := v.(value.Mapping); ok {
		e, found, err := m.Get(key)
		if err == nil && !found {
			err = errNoKey
		}
		return e, err
	}
	i, isInt := value.AsInt(key)
	if s, ok := value.AsString(v); ok && isInt {
		v = value.NewList(characters(s)...)
	}
	elems, ok := asSequence(v)
	if !ok || !isInt {
		return nil, errWrongIndex
	}
	if i < 0 {
		i += int64(len(elems))
	}
	if i < 0 || i >= int64(len(elems)) {
		return nil, errOutOfRange
	}
	return elems[i], nil
}

func subelementsFilter(a *args) (value.Value, error) {
	var path []value.Value
	switch sub := a.val("subelements"); sub := sub.(type) {
	case *value.List:
		path = sub.Elems
	default:
		s, ok := value.AsString(sub)
		if !ok {
			return nil, errors.New("subelements must be a list or a string")
		}
		for p := range strings.SplitSeq(s, ".") {
			path = append(path, value.Str(p))
		}
	}
	var elements []value.Value
	switch obj := a.val("value").(type) {
	case *value.List:
		elements = obj.Elems
	case value.Mapping:
		d, _ := asDict(obj)
		for _, e := range d.Entries() {
			elements = append(elements, e.Val)
		}
	default:
		return nil, errors.New("obj must be a list of dicts or a nested dict")
	}
	return collectSubelements(elements, path, a.truth("skip_missing"))
}

func collectSubelements(elements, path []value.Value, skipMissing bool) (value.Value, error) {
	out := &value.List{}
	for _, el := range elements {
		sub := el
		for _, key := range path {
			next, err := subscript(sub, key)
			if errors.Is(err, errNoKey) {
				if skipMissing {
					sub = value.NewList()
					break
				}
				return nil, fmt.Errorf("could not find %s key in iterated item %s", value.Repr(key), value.Repr(sub))
			}
			if err != nil {
				return nil, fmt.Errorf("the key %s should point to a dictionary, got '%s'", value.String(key), value.String(sub))
			}
			sub = next
		}
		list, ok := sub.(*value.List)
		if !ok {
			return nil, fmt.Errorf("the key %s should point to a list, got %s", value.Repr(path[len(path)-1]), value.Repr(sub))
		}
		for _, v := range list.Elems {
			out.Append(value.Tuple{el, v})
		}
	}
	return out, nil
}

func rekeyOnMember(a *args) (value.Value, error) {
	duplicates := a.strOr("duplicates", "error")
	if duplicates != "error" && duplicates != "overwrite" {
		return nil, fmt.Errorf("duplicates parameter to rekey_on_member has unknown value '%s'", duplicates)
	}
	var items []value.Value
	if d, ok := asDict(a.val("value")); ok {
		for _, e := range d.Entries() {
			items = append(items, e.Val)
		}
	} else if items, ok = asSequence(a.val("value")); !ok {
		return nil, errors.New("Type is not a valid list, set, or dict")
	}
	out := value.NewDict(len(items))
	for _, item := range items {
		m, ok := item.(value.Mapping)
		if !ok {
			return nil, errors.New("List item is not a valid dict")
		}
		key, found, err := m.Get(a.val("key"))
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("Key %s was not found.", value.Repr(a.val("key")))
		}
		if _, seen, _ := out.Get(key); seen && duplicates == "error" {
			return nil, fmt.Errorf(a.worded("Key %s is not unique, cannot convert to dict.", "Key %s is not unique, cannot correctly turn into dict"), value.Repr(key))
		}
		out.Set(key, item)
	}
	return out, nil
}

func extract(a *args) (value.Value, error) {
	keys := []value.Value{a.val("item")}
	switch more := a.val("morekeys").(type) {
	case *value.List:
		for _, k := range more.Elems {
			keys = append(keys, a.resolve(k))
		}
	default:
		if a.has("morekeys") {
			keys = append(keys, more)
		}
	}
	v := a.val("container")
	for _, key := range keys {
		var err error
		if v, err = a.call.Ctx.GetItem(v, key); err != nil {
			return nil, err
		}
		if v, err = a.call.Ctx.Resolve(v); err != nil {
			return nil, err
		}
		if _, miss := v.(*value.Undefined); miss {
			return v, nil
		}
	}
	return v, nil
}

func flatten(a *args) (value.Value, error) {
	levels := -1
	if a.has("levels") {
		n, isNum := value.AsFloat(a.val("levels"))
		if !isNum && slices.ContainsFunc(a.list("value"), isSequence) {
			return nil, fmt.Errorf("'>=' not supported between instances of '%s' and 'int'", a.val("levels").Type())
		}
		levels = max(int(n), 0)
	}
	return value.NewList(flattenInto(nil, a.list("value"), levels, a.truthOr("skip_nulls", true))...), nil
}

// flattenInto appends elems to out, opening the lists among them down to the
// given number of levels; a negative number means all.
func flattenInto(out, elems []value.Value, levels int, skipNulls bool) []value.Value {
	for _, e := range elems {
		if skipNulls && isNullish(e) {
			continue
		}
		if sub, ok := asSequence(e); ok && levels != 0 {
			out = flattenInto(out, sub, levels-1, skipNulls)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// isNullish reports whether flatten and combine take v for nothing.
func isNullish(v value.Value) bool {
	s, isStr := value.AsString(v)
	return v == value.None || isStr && (s == "None" || s == "null")
}

func ternary(a *args) (value.Value, error) {
	if u, ok := a.val("value").(*value.Undefined); ok && !u.Plain {
		return u, nil
	}
	switch v := a.val("value"); {
	case v == value.None && a.has("none_val"):
		return a.val("none_val"), nil
	case value.Truth(v):
		return a.val("true_val"), nil
	}
	return a.val("false_val"), nil
}

// boolFilter is the bool filter; before 2.19 None stays None.
func boolFilter(a *args) (value.Value, error) {
	v := a.val("value")
	if v == value.None && a.call.Ctx.Env().Lenient {
		return v, nil
	}
	return value.Bool(toBool(v)), nil
}

// toBool is the bool filter: a few words and the number one are true.
func toBool(v value.Value) bool {
	if s, ok := value.AsString(v); ok {
		switch strings.ToLower(s) {
		case "yes", "on", "1", "true":
			return true
		}
		return false
	}
	return value.Equal(v, value.Int(1))
}

func mandatory(a *args) (value.Value, error) {
	u, ok := a.val("value").(*value.Undefined)
	switch {
	case !ok || u.Err != nil:
		return a.val("value"), nil
	case a.has("msg"):
		return nil, errors.New(a.text("msg"))
	case u.Name != "":
		return nil, fmt.Errorf(a.worded("Mandatory variable '%s' not defined.", "Mandatory variable '%s'  not defined."), u.Name)
	}
	return nil, errors.New("Mandatory variable not defined.")
}

func typeDebug(a *args) (value.Value, error) {
	switch v := a.val("value").(type) {
	case *value.Undefined:
		if v.Err != nil {
			return value.Str("CapturedExceptionMarker"), nil
		}
		if a.call.Ctx.Env().Lenient {
			return value.Str("AnsibleUndefined"), nil
		}
		return value.Str("UndefinedMarker"), nil
	default:
		if v == value.Omit {
			return value.Str("_OmitType"), nil
		}
		return value.Str(v.Type()), nil
	}
}

func split(a *args) (value.Value, error) {
	s, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("descriptor 'split' for 'str' objects doesn't apply to a '%s' object", a.val("value").Type())
	}
	maxsplit := a.numOr("maxsplit", -1)
	if !a.has("sep") {
		return value.Strings(splitSpace(s, maxsplit)...), nil
	}
	sep := a.str("sep")
	if sep == "" {
		return nil, errors.New("empty separator")
	}
	if maxsplit >= 0 {
		maxsplit++
	}
	return value.Strings(strings.SplitN(s, sep, maxsplit)...), nil
}

// splitSpace is Python's str.split without a separator.
func splitSpace(s string, maxsplit int) []string {
	out := []string{}
	for {
		s = strings.TrimLeft(s, pythonSpace)
		if s == "" {
			return out
		}
		i := strings.IndexAny(s, pythonSpace)
		if i < 0 || maxsplit >= 0 && len(out) == maxsplit {
			return append(out, s)
		}
		out = append(out, s[:i])
		s = s[i:]
	}
}

// pythonSpace are the characters that Python's str methods take for space.
const pythonSpace = " \t\n\r\v\f\x1c\x1d\x1e\x1f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
