package modules

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"drover/modules/target"
	"drover/playbook/value"
)

// Define makes a Module of a specification and a typed function. The fields of
// A are the arguments; a field is described by its tags:
//
//	arg:"name"          the argument's name (a field without it is ignored)
//	alias:"dest,path"   other names
//	type:"path"         when the field's Go type does not say it: path, bytes, bits, json, jsonarg, raw
//	elements:"int"      of a list, str by default
//	default:"x"         used when the argument is not given
//	required:"true"     must be given
//	choices:"a,b"       the only values allowed
//	nolog:"true"        never printed; nolog:"call": not among a call's arguments
//	hidden:"true"       set by the module's own action only, not by users
//	doc:"…"             for drover doc
//
// Field types: string, bool, int, int64, float64, pointers to these (nil when
// not given), []string, []int, *value.Dict, value.Value (raw), and structs or
// slices of structs for dictionaries with known keys. An embedded struct lends
// its fields (see FileArgs).
func Define[A any](spec Spec, run func(ctx context.Context, h target.Host, c *Call, a *A) (*Result, error)) Module {
	of := reflect.TypeFor[A]()
	return &defined{name: spec.Name, of: of, spec: sync.OnceValue(func() *Spec { return specOf(of, spec) }),
		run: func(ctx context.Context, h target.Host, c *Call, a any) (*Result, error) {
			return run(ctx, h, c, a.(*A))
		}}
}

// SpecOf completes a specification with the arguments described by A, for
// actions that have no module on the host.
func SpecOf[A any](spec Spec) *Spec { return specOf(reflect.TypeFor[A](), spec) }

func specOf(of reflect.Type, spec Spec) *Spec {
	spec.plan = planOf(of)
	spec.Args = append(spec.plan.args(), spec.Args...)
	return &spec
}

// WithNeeds makes m a Prefetcher: needs names the blobs that a call will open.
func WithNeeds[A any](m Module, needs func(ctx context.Context, h target.Host, c *Call, a *A) []string) Module {
	return &prefetching{defined: m.(*defined),
		needs: func(ctx context.Context, h target.Host, c *Call, a any) []string { return needs(ctx, h, c, a.(*A)) }}
}

// defined works out its specification when it is first asked for: a runner
// that calls one module does not pay for all of them. It knows its arguments as
// any, so that its methods are in the runner once and not once for each module.
type defined struct {
	name string
	of   reflect.Type // of the arguments
	spec func() *Spec
	run  func(ctx context.Context, h target.Host, c *Call, a any) (*Result, error)
}

// Spec implements Module.
func (d *defined) Spec() *Spec { return d.spec() }

func (d *defined) fullName() string { return d.name }

// Run decodes the arguments and runs the function; in check mode it skips
// modules that can't say what would change.
func (d *defined) Run(ctx context.Context, h target.Host, c *Call) (*Result, error) {
	a, warnings, err := d.decode(h, c)
	if err != nil {
		return nil, err
	}
	if c.Check && d.spec().Check == CheckNone {
		msg := fmt.Sprintf("remote module (%s) does not support check mode", d.name[strings.LastIndexByte(d.name, '.')+1:])
		return &Result{Skipped: true, Msg: msg}, nil
	}
	h = withEnv(h, c.Env)
	secrets := confide(d.spec().Args, c.Args)
	r, err := d.run(ctx, h, c, a)
	if r != nil {
		r.Warnings = append(warnings, r.Warnings...)
	}
	if keep := d.spec().KeepKeys; len(secrets) > 0 && keep != nil && r != nil {
		r.Data, _ = secrets.keys(r.Data, keep).(*value.Dict)
	}
	if !strings.HasPrefix(d.name, "drover.") {
		describePath(ctx, h, r, err)
	}
	if len(secrets) == 0 {
		return r, err
	}
	return inConfidence(secrets, r, err)
}

// inConfidence gives a module's result, or its failure, without the secrets of
// its arguments.
func inConfidence(secrets confidence, r *Result, err error) (*Result, error) {
	if r != nil {
		secrets.result(r)
	}
	if err == nil {
		return r, nil
	}
	failure := FailResult(err)
	secrets.result(failure)
	return r, &Error{Msg: failure.Msg, Data: failure.Data, Err: err}
}

// describePath completes a result or a failure that names a path.
func describePath(ctx context.Context, h target.Host, r *Result, err error) {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Data != nil:
		addPathInfo(ctx, h, e.Data)
	case err == nil && r != nil && r.Data != nil && !r.NoPath:
		addPathInfo(ctx, h, r.Data)
	}
}

// decode gives a pointer to the arguments' struct.
func (d *defined) decode(h target.Host, c *Call) (args any, warnings []string, err error) {
	a := reflect.New(d.of)
	spec := d.spec()
	dec := &decoder{spec: spec, plan: spec.plan, expand: func(p string) string { return expandPath(h, p) }}
	if err := dec.decode(c.Args, a.Elem()); err != nil {
		return nil, nil, err
	}
	return a.Interface(), dec.warnings, nil
}

type prefetching struct {
	*defined
	needs func(ctx context.Context, h target.Host, c *Call, a any) []string
}

// Needs implements Prefetcher; arguments that can't be decoded need nothing,
// since Run will say what is wrong with them.
func (p *prefetching) Needs(ctx context.Context, h target.Host, c *Call) []string {
	a, _, err := p.decode(h, c)
	if err != nil {
		return nil
	}
	return p.needs(ctx, h, c, a)
}

// plan is how a struct is filled, worked out once for each specification.
type plan struct {
	of     reflect.Type
	fields []field
	names  map[string]int // every name and alias → index in fields
}

type field struct {
	Arg
	index  []int
	hidden bool
	sub    *plan // of a struct, or a list of structs
}

// args gives the arguments a user may write.
func (p *plan) args() []Arg {
	var as []Arg
	for i := range p.fields {
		if !p.fields[i].hidden {
			as = append(as, p.fields[i].Arg)
		}
	}
	sort.Slice(as, func(i, k int) bool { return as[i].Name < as[k].Name })
	return as
}

func planOf(t reflect.Type) *plan {
	p := &plan{of: t, names: map[string]int{}}
	p.collect(t, nil)
	for i, f := range p.fields {
		p.names[f.Name] = i
		for _, a := range f.Aliases {
			p.names[a] = i
		}
	}
	return p
}

func (p *plan) collect(t reflect.Type, at []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(slices.Clone(at), i)
		if sf.Anonymous {
			p.collect(sf.Type, index)
			continue
		}
		if name := sf.Tag.Get("arg"); name != "" {
			p.fields = append(p.fields, newField(sf, name, index))
		}
	}
}

func newField(sf reflect.StructField, name string, index []int) field {
	tag := tagsOf(sf.Tag)
	f := field{index: index, hidden: tag["hidden"] == "true"}
	f.Arg = Arg{
		Name: name, Aliases: splitTag(tag["alias"]), Choices: splitTag(tag["choices"]),
		Required: tag["required"] == "true", NoLog: tag["nolog"] == "true", Unshown: tag["nolog"] == "call", Doc: tag["doc"],
	}
	f.Type, f.Elements, f.sub = typeOf(sf.Type)
	if t := tag["type"]; t != "" {
		f.Type = t
	}
	if e := tag["elements"]; e != "" {
		f.Elements = e
	}
	if d, ok := tag["default"]; ok {
		f.Default = defaultOf(f.Type, d)
	}
	if f.sub != nil {
		f.Options = f.sub.args()
	}
	return f
}

// tagsOf splits a field's tag. Asking reflect for each key would read all of
// it, documentation and all, ten times for every field.
func tagsOf(tag reflect.StructTag) map[string]string {
	all := map[string]string{}
	for rest := string(tag); ; {
		name, quoted, ok := strings.Cut(strings.TrimLeft(rest, " "), ":")
		if !ok {
			return all
		}
		text, err := strconv.QuotedPrefix(quoted)
		if err != nil {
			return all
		}
		all[name], _ = strconv.Unquote(text)
		rest = quoted[len(text):]
	}
}

func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

var (
	dictType  = reflect.TypeFor[*value.Dict]()
	valueType = reflect.TypeFor[value.Value]()
)

// typeOf gives the argument type of a Go type.
func typeOf(t reflect.Type) (typ, elements string, sub *plan) {
	switch {
	case t == dictType:
		return "dict", "", nil
	case t == valueType:
		return "raw", "", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeOf(t.Elem())
	case reflect.Bool:
		return "bool", "", nil
	case reflect.Int, reflect.Int64:
		return "int", "", nil
	case reflect.Float64:
		return "float", "", nil
	case reflect.Struct:
		return "dict", "", planOf(t)
	case reflect.Slice:
		elem, _, sub := typeOf(t.Elem())
		return "list", elem, sub
	}
	return "str", "", nil
}

// defaultOf reads a default tag; bools and numbers are shown as such in docs.
func defaultOf(typ, s string) value.Value {
	switch typ {
	case "bool":
		return value.Bool(s == "true" || s == "yes")
	case "int":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.Int(n)
		}
	case "float":
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return value.Float(f)
		}
	case "list":
		return value.Strings(splitTag(s)...)
	}
	return value.Str(s)
}
