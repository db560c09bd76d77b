package filters

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
)

// structureFilters are those of ansible.utils and ansible.netcommon that look
// into nested data.
var structureFilters = []entry{
	{"ansible.utils.to_paths", "var prepend? wantlist?", toPaths, 0},
	{"ansible.utils.get_path", "var path wantlist?", getPath, 0},
	{"ansible.utils.index_of", "data test value? key? fail_on_missing? wantlist?", indexOf, 0},
	{"ansible.utils.param_list_compare", "base target", paramListCompare, 0},
	{"ansible.utils.consolidate", "data_sources fail_missing_match_key? fail_missing_match_value? fail_duplicate?", consolidate, 0},
	{"ansible.netcommon.vlan_expander", "value", vlanExpander, 0},
	{"ansible.netcommon.vlan_parser", "vlan_list first_line_len? other_line_len?", vlanParser, 0},
	{"ansible.netcommon.hash_salt", "value", hashSalt, 0},
}

// structureLookups are the filters that are lookups too.
var structureLookups = []entry{
	{"ansible.utils.to_paths", "var prepend? wantlist?", listOf(toPaths), 0},
	{"ansible.utils.get_path", "var path wantlist?", listOf(getPath), 0},
	{"ansible.utils.index_of", "data test value? key? fail_on_missing? wantlist?", listOf(indexOf), 0},
}

// listOf makes a lookup of a filter: what is no list becomes the one element of
// one.
func listOf(filter func(*args) (value.Value, error)) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		v, err := filter(a)
		if _, isList := v.(*value.List); isList || err != nil {
			return v, err
		}
		return value.NewList(v), nil
	}
}

// toPaths gives every value below by its path.
func toPaths(a *args) (value.Value, error) {
	out := value.NewDict(0)
	if l, ok := a.val("var").(*value.List); ok && len(l.Elems) == 0 && !a.has("prepend") {
		return l, nil
	}
	if d, ok := asDict(a.val("var")); !ok || d.Len() > 0 || a.has("prepend") {
		addPaths(out, a.strOr("prepend", ""), a.val("var"))
	}
	if a.truth("wantlist") {
		return value.NewList(out), nil
	}
	return out, nil
}

func addPaths(out *value.Dict, path string, v value.Value) {
	if d, ok := asDict(v); ok && d.Len() > 0 {
		for _, e := range d.Entries() {
			addPaths(out, joinPath(path, e.Key), e.Val)
		}
		return
	}
	if l, ok := asSequence(v); ok && len(l) > 0 {
		for i, e := range l {
			addPaths(out, fmt.Sprintf("%s[%d]", path, i), e)
		}
		return
	}
	out.Put(path, v)
}

// joinPath adds a key to a path: with a dot, or in brackets when it is no
// identifier. The first key stands for itself.
func joinPath(path string, key value.Value) string {
	s := value.String(key)
	ident := s != "" && !isDigit(s[0]) && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r > 0x7f || !isASCIILetter(byte(r)) && !isDigit(byte(r)))
	}) < 0
	switch {
	case path == "":
		return s
	case !ident:
		return path + "['" + s + "']"
	}
	return path + "." + s
}

// getPath evaluates a path such as a.b[1] with the keys of a dict as the variables.
func getPath(a *args) (value.Value, error) {
	d, ok := asDict(a.val("var"))
	if !ok {
		return nil, fmt.Errorf("a path leads into a dictionary, not into '%s'", a.val("var").Type())
	}
	v, err := a.call.Ctx.With(&overlay{d, noScope{}}).Expr(a.text("path"), a.call.Pos)
	if err != nil {
		return nil, unplaced(err)
	}
	if a.truth("wantlist") {
		return value.NewList(v), nil
	}
	return v, nil
}

// unplaced gives an error without its place, which is in no file, unless it is
// about a missing value.
func unplaced(err error) error {
	var placed *source.Error
	if errors.As(err, &placed) && jinja.KindOf(err) != jinja.KindUndefined {
		return errors.New(placed.Msg)
	}
	return err
}

// noScope is a scope without variables.
type noScope struct{}

func (noScope) Lookup(string) (value.Value, bool) { return nil, false }
func (noScope) Names() []string                   { return nil }

// looseList gives an argument that is a list, or text or a number that stands
// for one.
func (a *args) looseList(name string) []value.Value {
	v := a.val(name)
	if elems, ok := v.(*value.List); ok {
		return elems.Elems
	}
	if s, ok := value.AsString(v); ok {
		return value.Strings(strings.Split(s, ",")...).Elems
	}
	if !isNumber(v) {
		a.failType("argument '%s' must be a list, not '%s'", name, v.Type())
	}
	return []value.Value{value.Str(value.String(v))}
}

func indexOf(a *args) (value.Value, error) {
	test, invert := a.str("test"), false
	if rest, ok := strings.CutPrefix(test, "!"); ok {
		test, invert = rest, true
		if test == "=" {
			test = "=="
		}
	} else if rest, ok := strings.CutPrefix(test, "not "); ok {
		test, invert = rest, true
	}
	elems := a.looseList("data")
	if a.err != nil {
		return nil, a.err
	}
	found := value.NewList()
	for i, e := range elems {
		if a.has("key") {
			d, ok := asDict(e)
			if !ok {
				return nil, fmt.Errorf("Error when using plugin 'index_of': When a key name is provided, all list entries are required to be dictionaries, got %s", e.Type())
			}
			if e, ok, _ = d.Get(a.val("key")); !ok {
				if a.truth("fail_on_missing") {
					return nil, fmt.Errorf("Error when using plugin 'index_of': '%s' was not found in '%s' at [%d]", a.text("key"), value.String(d), i)
				}
				continue
			}
		}
		args := []value.Value{e}
		if a.has("value") {
			args = append(args, a.val("value"))
		}
		yes, err := a.call.Ctx.CallTest(test, args...)
		if err != nil {
			return nil, fmt.Errorf("Error when using plugin 'index_of': %w", err)
		}
		if yes != invert {
			found.Append(value.Int(i))
		}
	}
	if found.Len() == 1 && !a.truth("wantlist") {
		return found.Elems[0], nil
	}
	return found, nil
}

// paramListCompare says which of the wanted parameters a base list has; "all"
// wants everything, "!x" everything but x.
func paramListCompare(a *args) (value.Value, error) {
	base, target := a.val("base"), a.looseList("target")
	chosen, unsupported := []value.Value{}, value.NewList()
	all, _ := base.(*value.List)
	a.looseList("base") // says what is wrong with it
	for _, t := range target {
		if name, ok := value.AsString(t); !ok {
			return nil, fmt.Errorf("the names of the target must be strings, not '%s'", t.Type())
		} else if name == "all" && all == nil {
			return nil, fmt.Errorf("'%s' object has no attribute 'sort'", base.Type())
		} else if name == "all" {
			chosen = slices.Clone(all.Elems)
		}
	}
	for _, t := range target {
		name := value.String(t)
		if without, bang := strings.CutPrefix(name, "!"); bang {
			if i := slices.IndexFunc(chosen, func(v value.Value) bool { return value.Equal(v, value.Str(without)) }); i >= 0 {
				chosen = slices.Delete(chosen, i, i+1)
			}
		}
	}
	for _, t := range target {
		name := value.String(t)
		switch known, err := a.call.Ctx.CallTest("in", t, base); {
		case err != nil:
			return nil, err
		case name == "all" || strings.HasPrefix(name, "!"):
		case !known:
			unsupported.Append(t)
		case !slices.ContainsFunc(chosen, func(v value.Value) bool { return value.Equal(v, t) }):
			chosen = append(chosen, t)
		}
	}
	sorted, err := a.call.Ctx.CallFilter("sort", value.NewList(chosen...), value.Bool(false), value.Bool(true))
	return value.DictOf("actionable", sorted, "unsupported", unsupported), err
}

// consolidate joins lists of dicts by the values of their keys.
func consolidate(a *args) (value.Value, error) {
	type source struct {
		name value.Value
		byID *value.Dict
	}
	var sources []source
	all := value.NewDict(0)
	for i, v := range a.list("data_sources") {
		d, _ := asDict(v)
		data, ok := asSequence(d.At("data"))
		if !ok {
			return nil, errors.New("each data source needs the keys 'data', 'match_key' and 'name'")
		}
		s := source{d.At("name"), value.NewDict(0)}
		for j, e := range data {
			row, _ := asDict(e)
			id, found := row.Lookup(value.String(d.At("match_key")))
			if !found {
				if a.truthOr("fail_missing_match_key", true) {
					return nil, fmt.Errorf("Error when using plugin 'consolidate': 'fail_missing_match_key' reported missing match key '%s' in data source %d in list entry %d", value.String(d.At("match_key")), i+1, j+1)
				}
				continue
			}
			if _, seen, _ := s.byID.Get(id); seen && a.truthOr("fail_duplicate", true) {
				return nil, fmt.Errorf("Error when using plugin 'consolidate': 'fail_duplicate' reported duplicate values in data source %d", i+1)
			}
			s.byID.Set(id, e)
			all.Set(id, value.None)
		}
		sources = append(sources, s)
	}
	ids, err := value.SortedEntries(all.Entries())
	if err != nil {
		return nil, err
	}
	out := value.NewDict(len(ids))
	for _, id := range ids {
		joined := value.NewDict(len(sources))
		for i, s := range sources {
			row, ok, _ := s.byID.Get(id.Key)
			if !ok && a.truthOr("fail_missing_match_value", true) {
				return nil, fmt.Errorf("Error when using plugin 'consolidate': 'fail_missing_match_value' reported missing match value %s in data source %d", value.String(id.Key), i+1)
			}
			if !ok {
				row = value.NewDict(0)
			}
			joined.Set(s.name, row)
		}
		out.Set(id.Key, joined)
	}
	return out, nil
}

// vlanExpander opens "1,3-5" to a list of numbers.
func vlanExpander(a *args) (value.Value, error) {
	out := value.NewList()
	for part := range strings.SplitSeq(a.text("value"), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		lo, okLo := atoi(from)
		hi, okHi := lo, okLo
		if isRange {
			hi, okHi = atoi(to)
		}
		if !okLo || !okHi || hi > 4096 {
			return nil, fmt.Errorf("'%s' is no VLAN number or range of them", part)
		}
		for n := lo; n <= hi; n++ {
			out.Append(value.Int(n))
		}
	}
	return out, nil
}

// vlanParser writes VLAN numbers as ranges, on lines of limited length.
func vlanParser(a *args) (value.Value, error) {
	var ids []int64
	for _, v := range a.list("vlan_list") {
		n, err := wholeNumber(v)
		if err != nil || n < 1 || n > 4094 {
			return nil, errors.New("Valid VLAN range is 1-4094")
		}
		ids = append(ids, n)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var ranges []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		switch j - i {
		case 0:
			ranges = append(ranges, strconv.FormatInt(ids[i], 10))
		case 1:
			ranges = append(ranges, strconv.FormatInt(ids[i], 10), strconv.FormatInt(ids[j], 10))
		default:
			ranges = append(ranges, fmt.Sprintf("%d-%d", ids[i], ids[j]))
		}
		i = j + 1
	}
	return value.Strings(wrapRanges(ranges, a.numOr("first_line_len", 48), a.numOr("other_line_len", 44))...), nil
}

func wrapRanges(ranges []string, first, other int) []string {
	lines := []string{}
	line, limit := "", first
	for _, r := range ranges {
		if line != "" && len(line)+1+len(r) > limit {
			lines, line, limit = append(lines, line), "", other
		}
		if line != "" {
			line += ","
		}
		line += r
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

func hashSalt(a *args) (value.Value, error) {
	parts := strings.Split(a.str("value"), "$")
	if len(parts) < 4 {
		return nil, fmt.Errorf("Could not parse salt out password correctly from %s", a.str("value"))
	}
	return value.Str(parts[2]), nil
}

// communityTests are tests of collections that fit no other family.
var communityTests = []entry{
	{"community.general.a_module", "name", aModuleTest, 0},
	{"community.general.ansible_type", "value dtype alias?", ansibleTypeTest, 0},
	{"community.general.fqdn_valid", "value min_labels? allow_underscores?", fqdnTest, 0},
}

// ModuleFinder is a Controller that knows the names of modules.
type ModuleFinder interface{ HasModule(name string) bool }

func aModuleTest(a *args) (value.Value, error) {
	f, ok := a.host().(ModuleFinder)
	return value.Bool(ok && f.HasModule(a.str("name"))), nil
}

func ansibleTypeTest(a *args) (value.Value, error) {
	alias, _ := asDict(a.val("alias"))
	name := describeType(a.val("value"), alias)
	types, ok := asSequence(a.val("dtype"))
	if !ok {
		types = []value.Value{a.val("dtype")}
	}
	return value.Bool(slices.ContainsFunc(types, func(v value.Value) bool { return value.String(v) == name })), nil
}

// fqdnTest checks the labels of a host name.
func fqdnTest(a *args) (value.Value, error) {
	name := strings.TrimSuffix(a.text("value"), ".")
	labels := strings.Split(name, ".")
	if len(name) > 253 || len(labels) < a.numOr("min_labels", 1) {
		return value.Bool(false), nil
	}
	for _, l := range labels {
		odd := strings.IndexFunc(l, func(r rune) bool {
			ok := r < 0x80 && (isASCIILetter(byte(r)) || isDigit(byte(r))) || r == '-' || r == '_' && a.truth("allow_underscores")
			return !ok
		}) >= 0
		if l == "" || len(l) > 63 || odd || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") {
			return value.Bool(false), nil
		}
	}
	return value.Bool(true), nil
}
