package modules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Decode checks args against spec and fills the struct that into points to,
// coercing as Ansible does. Paths keep their ~ and $VAR, since the host is not
// known here. The error is the first of all that Check would find.
func Decode(spec *Spec, args *value.Dict, into any) error {
	v := reflect.ValueOf(into).Elem()
	p := spec.plan
	if p == nil || p.of != v.Type() {
		p = planOf(v.Type())
	}
	d := &decoder{spec: spec, plan: p, expand: func(p string) string { return p }}
	return d.decode(args, v)
}

// Check finds everything that is wrong with arguments before they are
// evaluated: whatever is or holds a template is taken to be right.
func Check(spec *Spec, args *value.Dict) []error {
	c := checker{spec: spec}
	c.exclusive(args)
	c.check(spec.Args, args, "")
	c.combinations(args)
	return c.errs
}

// decoder fills one struct.
type decoder struct {
	spec   *Spec
	plan   *plan
	expand func(string) string

	warnings []string
}

// decode finds what is wrong in Ansible's order, in which what is missing comes
// first and what is unknown last: a result tells of the first only.
func (d *decoder) decode(args *value.Dict, into reflect.Value) error {
	c := checker{spec: d.spec}
	c.exclusive(args)
	c.missing(d.spec.Args, args, "")
	if len(c.errs) == 0 {
		if err := d.fill(d.plan, args, into, ""); err != nil {
			return err
		}
		c.combinations(args)
	}
	if len(c.errs) > 0 {
		return Failf("%s", c.errs[0].Error())
	}
	return d.known(args)
}

// known refuses arguments that the plan lacks.
func (d *decoder) known(args *value.Dict) error {
	if d.spec.AnyArgs {
		return nil
	}
	var unknown []string
	for _, e := range args.Entries() {
		if _, ok := d.plan.names[value.String(e.Key)]; !ok {
			unknown = append(unknown, value.String(e.Key))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return Failf("%s", unsupported(d.spec, d.spec.Args, unknown, ""))
}

// fill sets every field from the arguments or its default. where is the path
// of the dictionary for messages ("" for the arguments themselves).
func (d *decoder) fill(p *plan, args *value.Dict, into reflect.Value, where string) error {
	for _, e := range args.Entries() {
		if _, ok := p.names[value.String(e.Key)]; !ok && where != "" {
			return Failf("%s", unsupported(d.spec, p.args(), []string{dotted(where) + value.String(e.Key)}, where))
		}
	}
	given := d.given(p, args, where)
	for i := range p.fields {
		f := &p.fields[i]
		v := given[i]
		if v == nil {
			v = f.Default
		}
		if v == nil {
			if err := absent(p.fields, i, given, args, where); err != nil {
				return err
			}
			continue
		}
		if err := d.set(f, v, into.FieldByIndex(f.index), where); err != nil {
			return err
		}
	}
	return nil
}

// given finds each field's argument, nil for what is not given, and warns of
// those that are given under two names.
func (d *decoder) given(p *plan, args *value.Dict, where string) []value.Value {
	given := make([]value.Value, len(p.fields))
	for i := range p.fields {
		a := &p.fields[i].Arg
		if v, _ := lookup(a, args); isGiven(v) {
			given[i] = v
		}
		for _, alias := range twice(a, args) {
			d.warnings = append(d.warnings, "Both option "+dotted(where)+a.Name+" and its alias "+dotted(where)+alias+" are set.")
		}
	}
	return given
}

// isGiven reports whether a value counts as given: None means "as if it were
// not written".
func isGiven(v value.Value) bool { return v != nil && v != value.None && v != value.Omit }

// absent is the error of an argument without a value, nil when it needs none.
func absent(fields []field, i int, given []value.Value, args *value.Dict, where string) error {
	f := &fields[i]
	if !f.Required {
		return nil
	}
	if v, _ := lookup(&f.Arg, args); v == value.None {
		return noneError(&f.Arg)
	}
	return Failf("%s", missing(fields, given, where))
}

func missing(fields []field, given []value.Value, where string) string {
	var names []string
	for i := range fields {
		if fields[i].Required && given[i] == nil {
			names = append(names, fields[i].Name)
		}
	}
	return missingText(names, where)
}

func missingText(names []string, where string) string {
	slices.Sort(names)
	return "missing required arguments: " + strings.Join(names, ", ") + foundIn(where)
}

// within gives the path of an argument in the dictionary at where.
func within(where, name string) string {
	if where == "" {
		return name
	}
	return where + pathArrow + name
}

const pathArrow = " -> "

// dotted gives the path where as the beginning of an argument's full name.
func dotted(where string) string {
	if where == "" {
		return ""
	}
	return strings.ReplaceAll(where, pathArrow, ".") + "."
}

func foundIn(where string) string {
	if where == "" {
		return ""
	}
	return " found in " + where
}

// unsupported words the error for arguments that there are not.
func unsupported(spec *Spec, args []Arg, unknown []string, where string) string {
	if spec.Options {
		return fmt.Sprintf("Invalid options for %s: %s", shortName(spec.Name), strings.Join(unknown, ","))
	}
	var names, supported []string
	for _, a := range args {
		names = append(append(names, a.Name), a.Aliases...)
		s := a.Name
		if len(a.Aliases) > 0 {
			s += " (" + strings.Join(a.Aliases, ", ") + ")"
		}
		supported = append(supported, s)
	}
	slices.Sort(supported)
	hint := ""
	if len(unknown) == 1 {
		hint = source.DidYouMean(strings.TrimPrefix(unknown[0], dotted(where)), names)
	}
	return fmt.Sprintf("Unsupported parameters for (%s) module: %s%s. Supported parameters include: %s.",
		shortName(spec.Name), strings.Join(unknown, ", "), hint, strings.Join(supported, ", "))
}

// set coerces one value into one field.
func (d *decoder) set(f *field, v value.Value, into reflect.Value, where string) error {
	if into.Kind() == reflect.Pointer && into.Type() != dictType {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	switch {
	case f.sub != nil && f.Type == "list":
		return d.setStructs(f, v, into, where)
	case f.sub != nil:
		dict, err := toDict(v)
		if err != nil {
			return typeError(&f.Arg, v, err)
		}
		return d.fill(f.sub, dict, into, within(where, f.Name))
	case f.Type == "list":
		return d.setList(f, v, into)
	}
	cv, err := coerce(f.Type, v)
	if err != nil {
		return typeError(&f.Arg, v, err)
	}
	if cv, err = choose(&f.Arg, cv); err != nil {
		return err
	}
	d.assign(f.Type, cv, into)
	return nil
}

func (d *decoder) setStructs(f *field, v value.Value, into reflect.Value, where string) error {
	elems, err := toList(v)
	if _, single := v.(*value.Dict); single {
		elems, err = []value.Value{v}, nil
	}
	if err != nil {
		return typeError(&f.Arg, v, err)
	}
	s := reflect.MakeSlice(into.Type(), len(elems), len(elems))
	for i, e := range elems {
		dict, err := toDict(e)
		if err != nil {
			return elementError(&f.Arg, e, err)
		}
		if err := d.fill(f.sub, dict, s.Index(i), within(where, f.Name)); err != nil {
			return err
		}
	}
	into.Set(s)
	return nil
}

func (d *decoder) setList(f *field, v value.Value, into reflect.Value) error {
	elems, err := toList(v)
	if err != nil {
		return typeError(&f.Arg, v, err)
	}
	s := reflect.MakeSlice(into.Type(), len(elems), len(elems))
	for i, e := range elems {
		cv, err := coerce(f.Elements, e)
		if err != nil {
			return elementError(&f.Arg, e, err)
		}
		if len(f.Choices) > 0 && !slices.Contains(f.Choices, value.String(cv)) {
			return Failf("%s", noMatch(&f.Arg, value.String(cv)))
		}
		d.assign(f.Elements, cv, s.Index(i))
	}
	into.Set(s)
	return nil
}

// assign puts a coerced value into a Go field; coerce made the kinds agree.
func (d *decoder) assign(typ string, v value.Value, into reflect.Value) {
	if into.Type() == valueType || into.Type() == dictType {
		into.Set(reflect.ValueOf(v))
		return
	}
	switch into.Kind() {
	case reflect.Bool:
		into.SetBool(value.Truth(v))
	case reflect.Int, reflect.Int64:
		n, _ := value.AsInt(v)
		into.SetInt(n)
	case reflect.Float64:
		x, _ := value.AsFloat(v)
		into.SetFloat(x)
	default:
		s := value.String(v)
		if typ == "path" {
			s = d.expand(s)
		}
		into.SetString(s)
	}
}
