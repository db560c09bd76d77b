package modules

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type ufwArgs struct {
	State      string  `arg:"state" choices:"disabled,enabled,reloaded,reset" doc:"Whether the firewall is on, now and after a boot; reloaded reads its rules again, reset puts everything back as it came."`
	Default    string  `arg:"default" alias:"policy" choices:"allow,deny,reject" doc:"What happens to traffic that no rule is about."`
	Logging    string  `arg:"logging" choices:"on,off,low,medium,high,full" doc:"How much is logged."`
	Rule       string  `arg:"rule" choices:"allow,deny,limit,reject" doc:"What the rule does with what it is about."`
	Direction  string  `arg:"direction" choices:"in,incoming,out,outgoing,routed" doc:"Traffic that the rule (in, out) or the default (incoming, outgoing, routed) is about."`
	Delete     bool    `arg:"delete" default:"false" doc:"The rule is not to be there."`
	Route      bool    `arg:"route" default:"false" doc:"The rule is about traffic that passes through."`
	Insert     *int    `arg:"insert" doc:"Number that a new rule gets; 1 is the first."`
	InsertFrom string  `arg:"insert_relative_to" default:"zero" choices:"zero,first-ipv4,last-ipv4,first-ipv6,last-ipv6" doc:"What insert counts from."`
	Interface  string  `arg:"interface" alias:"if" doc:"Interface that the rule is about, with direction."`
	IfIn       string  `arg:"interface_in" alias:"if_in" doc:"Interface that the traffic comes in by."`
	IfOut      string  `arg:"interface_out" alias:"if_out" doc:"Interface that the traffic leaves by."`
	Log        bool    `arg:"log" default:"false" doc:"Log new connections that the rule is about."`
	FromIP     string  `arg:"from_ip" alias:"from,src" default:"any" doc:"Where the traffic comes from."`
	FromPort   string  `arg:"from_port" doc:"Port that it comes from."`
	ToIP       string  `arg:"to_ip" alias:"dest,to" default:"any" doc:"Where it goes."`
	ToPort     string  `arg:"to_port" alias:"port" doc:"Port that it goes to."`
	Proto      string  `arg:"proto" alias:"protocol" choices:"any,tcp,udp,ipv6,esp,ah,gre,igmp,vrrp" doc:"Its protocol."`
	Name       string  `arg:"name" alias:"app" doc:"Profile of /etc/ufw/applications.d that the rule is about."`
	Comment    *string `arg:"comment" doc:"Comment of the rule."`
}

// ufwModule manages ufw, the uncomplicated firewall.
func ufwModule() Module {
	return Define(Spec{
		Name:    "community.general.ufw",
		Summary: "Manage the firewall ufw",
		Doc: "Switches ufw on or off, sets its defaults and its logging, and makes a rule be there or not.\n" +
			"Whether that is a change is what ufw's state and rules show before and after; in check mode what its dry run shows.",
		Check:    CheckFull,
		Examples: "- name: SSH is open, but not to brute force\n  community.general.ufw:\n    rule: limit\n    port: ssh\n    proto: tcp\n\n- name: All else is closed\n  community.general.ufw:\n    state: enabled\n    policy: deny\n",
		Returns: []Return{
			{"commands", "list", "always", "The commands that were run."},
			{"msg", "str", "not in check mode", "What ufw status verbose says."},
		},
		MutuallyExclusive: [][]string{{"name", "proto", "logging"}, {"direction", "interface_in"}, {"direction", "interface_out"}},
		RequiredOneOf:     [][]string{{"state", "default", "rule", "logging"}},
		RequiredBy:        map[string][]string{"interface": {"direction"}},
	}, runUFW)
}

func runUFW(ctx context.Context, h target.Host, c *Call, a *ufwArgs) (*Result, error) {
	if err := a.verify(); err != nil {
		return nil, err
	}
	if _, err := requireTool(h, "ufw"); err != nil {
		return nil, err
	}
	u := &ufw{ufwArgs: a, h: h, c: c}
	status, err := u.run(ctx, "status", "verbose")
	if err != nil {
		return nil, err
	}
	u.status, u.rules = status, u.savedRules()
	for _, step := range []struct {
		on bool
		do func(context.Context) error
	}{{a.State != "", u.setState}, {a.Default != "", u.setDefault}, {a.Rule != "", u.setRule}, {a.Logging != "", u.setLogging}} {
		if !step.on {
			continue
		}
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	res := new(Result)
	if !c.Check {
		after, err := u.run(ctx, "status", "verbose")
		if err != nil {
			return nil, err
		}
		u.changed = u.changed || after != u.status || u.savedRules() != u.rules
		res.Set("msg", strings.TrimRight(after, "\n "))
	}
	res.Changed = u.changed
	return res.Set("commands", u.commands), nil
}

func (a *ufwArgs) verify() error {
	switch {
	case a.Default != "" && !slices.Contains([]string{"outgoing", "incoming", "routed", ""}, a.Direction):
		return Failf(`For default, direction must be one of "outgoing", "incoming" and "routed", or direction must not be specified.`)
	case a.Rule != "" && !slices.Contains([]string{"in", "out", ""}, a.Direction):
		return Failf(`For rules, direction must be one of "in" and "out", or direction must not be specified.`)
	case a.Rule != "" && !a.Route && a.IfIn != "" && a.IfOut != "":
		return Failf("Only route rules can combine interface_in and interface_out")
	}
	return nil
}

// ufw is the work on a host's firewall.
type ufw struct {
	*ufwArgs
	h        target.Host
	c        *Call
	status   string // ufw status verbose, before
	rules    string // the saved rules, before
	commands []string
	changed  bool
}

// run runs ufw and gives what it printed.
func (u *ufw) run(ctx context.Context, args ...string) (string, error) {
	argv := append([]string{"ufw"}, args...)
	u.commands = append(u.commands, strings.Join(argv, " "))
	out, err := runTool(ctx, u.h, argv...)
	if err != nil {
		return "", err
	}
	return out.Stdout, out.failure(argv)
}

// savedRules gives the lines in which ufw keeps its rules.
func (u *ufw) savedRules() string {
	var lines []string
	for _, dir := range []string{"/lib/ufw/", "/etc/ufw/", "/var/lib/ufw/"} {
		for _, name := range []string{"user.rules", "user6.rules"} {
			data, err := u.h.ReadFile(dir + name)
			if err == nil {
				lines = append(lines, tupleLines(string(data))...)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func tupleLines(text string) []string {
	return slices.DeleteFunc(splitLines(text), func(line string) bool { return !strings.HasPrefix(line, "### tuple") })
}

func (u *ufw) setState(ctx context.Context) error {
	verb := map[string]string{"enabled": "enable", "disabled": "disable", "reloaded": "reload", "reset": "reset"}[u.State]
	if u.State == "reloaded" || u.State == "reset" {
		u.changed = true
	}
	if !u.c.Check {
		_, err := u.run(ctx, "-f", verb)
		return err
	}
	active := strings.Contains(u.status, "Status: active")
	if (u.State == "enabled" && !active) || (u.State == "disabled" && active) {
		u.changed = true
	}
	return nil
}

var ufwDefaults = lazyre.New(`Default: (\w+) \(incoming\), (\w+) \(outgoing\), (\w+) \(routed\)`)

func (u *ufw) setDefault(ctx context.Context) error {
	if !u.c.Check {
		args := []string{"default", u.Default}
		if u.Direction != "" {
			args = append(args, u.Direction)
		}
		_, err := u.run(ctx, args...)
		return err
	}
	m := ufwDefaults.FindStringSubmatch(u.status)
	if m == nil {
		u.changed = true
		return nil
	}
	now := m[1+max(0, slices.Index([]string{"incoming", "outgoing", "routed"}, u.Direction))]
	u.changed = u.changed || (now != u.Default && now != "disabled")
	return nil
}

func (u *ufw) setLogging(ctx context.Context) error {
	// Logging: on (low)
	_, now, known := strings.Cut(u.status, "Logging: ")
	now, _, _ = strings.Cut(now, "\n")
	now, level, _ := strings.Cut(strings.TrimSuffix(now, ")"), " (")
	switch {
	case !known:
		u.changed = true
	case u.Logging == "off" || now == "off":
		u.changed = u.changed || u.Logging != now
	case u.Logging != "on" && u.Logging != level:
		u.changed = true
	}
	if u.c.Check {
		return nil
	}
	_, err := u.run(ctx, "logging", u.Logging)
	return err
}

func (u *ufw) setRule(ctx context.Context) error {
	place, err := u.place(ctx)
	if err != nil {
		return err
	}
	args := u.ruleWords(place)
	if !u.c.Check {
		_, err := u.run(ctx, args...)
		return err
	}
	dry, err := u.run(ctx, append([]string{"--dry-run"}, args...)...)
	if err != nil {
		return err
	}
	u.changed = u.changed || u.dryRunDiffers(dry)
	return nil
}

// ruleWords gives the rule in ufw's long form.
func (u *ufw) ruleWords(place int) []string {
	var words []string
	add := func(on bool, w ...string) {
		if on {
			words = append(words, w...)
		}
	}
	add(u.Route, "route")
	add(u.Delete, "delete")
	add(place > 0, "insert", strconv.Itoa(place))
	add(true, u.Rule)
	add(u.Direction != "", u.Direction)
	add(u.Interface != "", "on", u.Interface)
	add(u.IfIn != "", "in", "on", u.IfIn)
	add(u.IfOut != "", "out", "on", u.IfOut)
	add(u.Log, "log")
	add(u.FromIP != "", "from", u.FromIP)
	add(u.FromPort != "", "port", u.FromPort)
	add(u.ToIP != "", "to", u.ToIP)
	add(u.ToPort != "", "port", u.ToPort)
	add(u.Proto != "", "proto", u.Proto)
	add(u.Name != "", "app", u.Name)
	if u.Comment != nil && *u.Comment != "" {
		words = append(words, "comment", *u.Comment)
	}
	return words
}

var numberedRule = lazyre.New(`^\[ *(\d+)\] `)

// place gives the number that a new rule gets, 0 to put it last.
func (u *ufw) place(ctx context.Context) (int, error) {
	if u.Insert == nil || u.Delete {
		return 0, nil
	}
	if u.InsertFrom == "zero" {
		return *u.Insert, nil
	}
	listed, err := u.run(ctx, "status", "numbered")
	if err != nil {
		return 0, err
	}
	last4, last := 0, 0
	for _, line := range splitLines(listed) {
		m := numberedRule.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		last, _ = strconv.Atoi(m[1])
		if !strings.Contains(line, "(v6)") {
			last4 = last
		}
	}
	from := map[string]int{"first-ipv4": 1, "last-ipv4": max(1, last4), "first-ipv6": last4 + 1, "last-ipv6": last}[u.InsertFrom]
	if u.InsertFrom == "last-ipv6" && last == last4 {
		from++ // where the first one of IPv6 will be
	}
	if place := *u.Insert + from; place <= last {
		return place, nil
	}
	return 0, nil // ufw refuses numbers beyond the last
}

// dryRunDiffers compares the rules that a dry run shows with the saved ones. It
// shows those of the kind of addresses that the rule names, else all.
func (u *ufw) dryRunDiffers(dry string) bool {
	lines := splitLines(dry)
	skipped := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.Contains(line, "Skipping") })
	if len(lines) > 0 && len(skipped) == len(lines) {
		return false
	}
	shown, saved := tupleLines(dry), tupleLines(u.rules)
	from, to := ufwAddress(u.FromIP), ufwAddress(u.ToIP)
	if from == nil && to == nil {
		return !slices.Equal(shown, saved)
	}
	is4 := from != nil && from.Is4() || to != nil && to.Is4()
	keep := func(line string) bool { return tupleIs4(line) != is4 }
	return !slices.Equal(slices.DeleteFunc(shown, keep), slices.DeleteFunc(saved, keep))
}

// ufwAddress reads an address or a network, nil for any other word.
func ufwAddress(text string) *netip.Addr {
	plain, _, _ := strings.Cut(text, "/")
	if addr, err := netip.ParseAddr(plain); err == nil {
		return &addr
	}
	return nil
}

// tupleIs4 reports whether a saved rule is one of IPv4's.
func tupleIs4(line string) bool {
	for _, word := range strings.Fields(line) {
		if addr := ufwAddress(word); addr != nil {
			return addr.Is4()
		}
	}
	return false
}
