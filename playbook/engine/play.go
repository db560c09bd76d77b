package engine

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/event"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// playRun is a play while it runs, over all its batches.
type playRun struct {
	run  *run
	play *playbook.Play
	name string

	vars     []vars.Layer // play vars and answers of vars_prompt
	handlers []playbook.Step
	hosts    []*host // all that the pattern named, in the order of the keyword, also those that failed before
	matched  roster  // the same in the pattern's order, and those that add_host brought
	roles    []*playbook.Role
	// What roles give to the whole play; changes when a public role is included.
	roleDefaults, roleVars atomic.Pointer[[]vars.Layer]

	keywords struct {
		anyErrorsFatal, forceHandlers bool
		maxFail                       float64 // percent, -1: not set
		strategy                      string
	}
	ended   bool   // meta: end_play
	startAt string // the task to start at, when it is in this play
}

// newPlay lays out a play with the roles that it names or imports.
func (r *run) newPlay(p *playbook.Play) *playRun {
	pr := &playRun{run: r, play: p, roles: slices.Concat(p.Roles, p.Imported), matched: roster{changes: &r.hosts.changes}}
	pr.exportRoles()
	return pr
}

// play runs one play and reports whether the run goes on after it.
func (r *run) play(ctx context.Context, p *playbook.Play) (goOn bool, err error) {
	pr := r.newPlay(p)
	pr.handlers = flattenHandlers(p.Handlers)
	if err := pr.readVars(ctx); err != nil {
		return false, err
	}
	if err := pr.readKeywords(); err != nil {
		return false, err
	}
	early := false // the task to start at comes later
	if r.cfg.StartAt != "" && !r.startedAt {
		early = !pr.holdsStart()
		pr.startAt, r.startedAt = r.cfg.StartAt, !early
	}
	matched, err := pr.matchHosts()
	if err != nil {
		return false, err
	}
	for _, h := range matched {
		pr.matched.add(r.hosts.get(h))
	}
	ordered, err := pr.ordered(matched)
	if err != nil {
		return false, err
	}
	for _, h := range ordered {
		st := r.hosts.get(h)
		st.enterPlay()
		if st.counts() {
			r.recallFacts(st)
		}
		pr.hosts = append(pr.hosts, st)
	}
	if len(pr.hosts) == 0 {
		r.emit(event.PlayStart{Name: pr.name, Pos: p.Pos})
		r.emit(event.NoHosts{})
		return true, nil
	}
	if early {
		r.emit(event.PlayStart{Name: pr.name, Pos: p.Pos, Hosts: []string{}})
		return true, nil
	}
	batches, err := pr.batches()
	if err != nil {
		return false, err
	}
	for _, hosts := range batches {
		if goOn := pr.runBatch(ctx, hosts); !goOn {
			return false, nil
		}
		if pr.ended || r.faulted() != nil {
			break
		}
	}
	return true, nil
}

// readVars lays out the play's own variables: vars, then the answers of
// vars_prompt. The files of vars_files are per host; see seat.varsFiles.
func (pr *playRun) readVars(ctx context.Context) error {
	p := pr.play
	pr.vars = appendDict(nil, p.ImportVars)
	pr.vars = appendDict(pr.vars, p.Vars)
	answers, err := pr.run.ask(ctx, p.VarsPrompt, pr.vars)
	if err != nil {
		return err
	}
	pr.vars = appendDict(pr.vars, answers)
	pr.warnReserved()
	return nil
}

// warnReserved warns of variables that have the name of a keyword or of a
// function of templates.
func (pr *playRun) warnReserved() {
	for _, layer := range append(slices.Clone(pr.vars), vars.Dict{D: pr.run.cfg.ExtraVars}) {
		for _, name := range layer.Names() {
			_, global := pr.run.cfg.Env.Globals[name]
			if name != "vars" && (global || playbook.IsKeyword(name)) {
				pr.run.warn(pr.play.Keys["vars"], "Found variable using reserved name: "+name)
			}
		}
	}
}

func (pr *playRun) readKeywords() error {
	p, ctx := pr.play, pr.run.context(pr.known())
	ev := keywordReader{ctx: ctx, base: &p.Base}
	k := &pr.keywords
	pr.name = ev.text("name", p.Name, "")
	k.anyErrorsFatal = ev.boolean("any_errors_fatal", p.AnyErrorsFatal, pr.run.cfg.AnyErrorsFatal)
	k.forceHandlers = ev.boolean("force_handlers", p.ForceHandlers, pr.run.cfg.Force)
	k.maxFail = -1
	if p.MaxFailPercentage != nil {
		k.maxFail = ev.number("max_fail_percentage", p.MaxFailPercentage, -1)
	}
	strategy := pr.run.cfg.Strategy
	if strategy == "" {
		strategy = "linear"
	}
	k.strategy = ev.text("strategy", p.Strategy, strategy)
	k.strategy = strings.TrimPrefix(k.strategy, "ansible.builtin.")
	if pr.name == "" {
		pr.name = asWritten(p.Hosts)
		if t, lazy := p.Hosts.(*value.Template); lazy {
			pr.name = ev.text("hosts", t, pr.name)
		}
	}
	return ev.err
}

func hostsText(v value.Value) string {
	if l, ok := v.(value.Sequence); ok {
		parts := make([]string, l.Len())
		for i := range parts {
			parts[i] = value.String(l.Index(i))
		}
		return strings.Join(parts, ",")
	}
	if v == nil {
		return ""
	}
	return value.String(v)
}

// asWritten gives the text of hosts: with its templates unevaluated, which is the
// name of a play that has none.
func asWritten(v value.Value) string {
	switch v := v.(type) {
	case *value.Template:
		return v.Src
	case *value.List:
		parts := make([]string, len(v.Elems))
		for i, e := range v.Elems {
			parts[i] = asWritten(e)
		}
		return strings.Join(parts, ",")
	}
	return hostsText(v)
}

// known is what the play's keywords can use before it has hosts: what roles
// give to the whole play, its own variables, extra variables.
func (pr *playRun) known() *vars.Stack {
	return pr.run.extraScope(slices.Concat(*pr.roleDefaults.Load(), pr.vars, *pr.roleVars.Load())...)
}

// matchHosts gives the hosts of the play's pattern within --limit, in the
// pattern's order.
func (pr *playRun) matchHosts() ([]*inventory.Host, error) {
	p, r := pr.play, pr.run
	ev := keywordReader{ctx: r.context(pr.known()), base: &p.Base}
	pattern := hostsText(ev.value("hosts", p.Hosts))
	if ev.err != nil {
		return nil, ev.err
	}
	hosts, err := r.inventory().Match(pattern)
	if err != nil {
		return nil, source.Wrap(p.Keys["hosts"], err)
	}
	if r.cfg.Limit != "" {
		within, err := r.inventory().Match(r.cfg.Limit)
		if err != nil {
			return nil, err
		}
		in := make(map[*inventory.Host]bool, len(within))
		for _, h := range within {
			in[h] = true
		}
		hosts = slices.DeleteFunc(slices.Clone(hosts), func(h *inventory.Host) bool { return !in[h] })
	}
	return hosts, nil
}

// ordered gives hosts in the order in which the play takes them.
func (pr *playRun) ordered(hosts []*inventory.Host) ([]*inventory.Host, error) {
	ev := keywordReader{ctx: pr.run.context(pr.known()), base: &pr.play.Base}
	order := ev.text("order", pr.play.Order, "inventory")
	if ev.err != nil {
		return nil, ev.err
	}
	return sortHosts(hosts, order, pr.play)
}

func sortHosts(hosts []*inventory.Host, order string, p *playbook.Play) ([]*inventory.Host, error) {
	hosts = slices.Clone(hosts)
	switch order {
	case "inventory", "":
	case "reverse_inventory":
		slices.Reverse(hosts)
	case "sorted":
		sort.SliceStable(hosts, func(i, j int) bool { return hosts[i].Name < hosts[j].Name })
	case "reverse_sorted":
		sort.SliceStable(hosts, func(i, j int) bool { return hosts[i].Name > hosts[j].Name })
	case "shuffle":
		rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	default:
		return nil, source.Errorf(p.Keys["order"], "'order: %s' is not known", order).
			WithHint("use inventory, reverse_inventory, sorted, reverse_sorted or shuffle")
	}
	return hosts, nil
}

// batches splits the play's hosts as serial says.
func (pr *playRun) batches() ([][]*host, error) {
	sizes, err := pr.serial()
	if err != nil || len(sizes) == 0 {
		return [][]*host{pr.hosts}, err
	}
	var out [][]*host
	rest := pr.hosts
	for i := 0; len(rest) > 0; i++ {
		n := sizes[min(i, len(sizes)-1)]
		if n <= 0 {
			n = len(rest)
		}
		n = min(n, len(rest))
		out = append(out, rest[:n])
		rest = rest[n:]
	}
	return out, nil
}

// serial gives the sizes of the batches; the last one repeats.
func (pr *playRun) serial() ([]int, error) {
	p := pr.play
	if p.Serial == nil {
		return nil, nil
	}
	ev := keywordReader{ctx: pr.run.context(pr.known()), base: &p.Base}
	v := ev.value("serial", p.Serial)
	if ev.err != nil || v == nil {
		return nil, ev.err
	}
	items := []value.Value{v}
	if seq, ok := v.(value.Sequence); ok {
		items = nil
		for i := range seq.Len() {
			items = append(items, seq.Index(i))
		}
	}
	sizes := make([]int, len(items))
	for i, item := range items {
		n, ok := batchSize(item, len(pr.hosts))
		if !ok {
			return nil, source.Errorf(p.Keys["serial"], "serial must be a number of hosts or a percentage, not %s", value.Repr(item)).
				WithHint("%s", `for example serial: 5, serial: "30%" or serial: [1, 5, "100%"]`)
		}
		sizes[i] = n
	}
	return sizes, nil
}

func batchSize(v value.Value, hosts int) (int, bool) {
	if n, ok := value.AsInt(v); ok {
		return int(n), true
	}
	s, ok := value.AsString(v)
	if !ok {
		return 0, false
	}
	if pct, isPct := strings.CutSuffix(strings.TrimSpace(s), "%"); isPct {
		f, err := strconv.ParseFloat(pct, 64)
		return max(1, int(math.Floor(f/100*float64(hosts)))), err == nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil
}

// exportRoles lays out what the play's roles give to all of its tasks.
func (pr *playRun) exportRoles() {
	var defaults, roleVars []vars.Layer
	for _, r := range pr.roles {
		if !r.Public {
			continue
		}
		defaults = appendDefaults(defaults, r)
		roleVars = appendExports(roleVars, r)
	}
	pr.roleDefaults.Store(&defaults)
	pr.roleVars.Store(&roleVars)
}

// roleNames lists the roles that the play names, imports and has included by
// now, each as often as that.
func (pr *playRun) roleNames() []string {
	names := make([]string, len(pr.roles))
	for i, r := range pr.roles {
		names[i] = roleName(r)
	}
	return names
}

// dependentRoleNames lists the roles that those depend on, each once.
func (pr *playRun) dependentRoleNames() []string {
	var names []string
	var add func(r *playbook.Role)
	add = func(r *playbook.Role) {
		for _, d := range r.Deps {
			add(d)
			names = appendNew(names, roleName(d))
		}
	}
	for _, r := range pr.roles {
		add(r)
	}
	return names
}

// allRoleNames lists both, each once.
func (pr *playRun) allRoleNames() []string {
	names := pr.dependentRoleNames()
	for _, n := range pr.roleNames() {
		names = appendNew(names, n)
	}
	return names
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
