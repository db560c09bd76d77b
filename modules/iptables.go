package modules

import (
	"context"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/target"
)

type iptablesArgs struct {
	Table     string `arg:"table" default:"filter" choices:"filter,nat,mangle,raw,security" doc:"The table that the rule is in."`
	State     string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the rule (or with chain_management the chain) is there."`
	Action    string `arg:"action" default:"append" choices:"append,insert" doc:"Where a missing rule goes: to the end or the top."`
	RuleNum   string `arg:"rule_num" doc:"Insert it as this rule instead of the first."`
	IPVersion string `arg:"ip_version" default:"ipv4" choices:"ipv4,ipv6,both" doc:"iptables, ip6tables or both of them."`
	Chain     string `arg:"chain" doc:"The chain, of the kernel or of one's own."`
	Flush     bool   `arg:"flush" default:"false" doc:"Remove all rules of the chain, or of the table where no chain is named."`
	Policy    string `arg:"policy" choices:"ACCEPT,DROP,QUEUE,RETURN" doc:"What a chain of the kernel does with packets that no rule matched."`
	Manage    bool   `arg:"chain_management" default:"false" doc:"Make or delete the chain itself when no rule is described."`
	Numeric   bool   `arg:"numeric" default:"false" doc:"Look up no names while listing rules."`
	ruleArgs
}

// ruleArgs describe a rule. A value that starts with ! is negated.
type ruleArgs struct {
	Wait          string    `arg:"wait" doc:"Seconds to wait for other programs that change rules."`
	Protocol      string    `arg:"protocol" doc:"Protocol by name or number."`
	Source        string    `arg:"source" doc:"Where packets come from: address, network or host name."`
	Destination   string    `arg:"destination" doc:"Where packets go to."`
	Match         []string  `arg:"match" doc:"Extensions to match with."`
	TCPFlags      *tcpFlags `arg:"tcp_flags" doc:"The TCP flags to look at, and those of them that are set."`
	Jump          string    `arg:"jump" doc:"What to do with a packet that matches: ACCEPT, DROP, a chain, …."`
	Gateway       string    `arg:"gateway" doc:"Where copies of packets go with jump TEE."`
	LogPrefix     string    `arg:"log_prefix" doc:"Text before what is logged; jump becomes LOG."`
	LogLevel      string    `arg:"log_level" choices:"0,1,2,3,4,5,6,7,emerg,alert,crit,error,warning,notice,info,debug" doc:"Priority of what is logged; jump becomes LOG."`
	ToDestination string    `arg:"to_destination" doc:"New destination, with jump DNAT."`
	Ports         []string  `arg:"destination_ports" doc:"Several destination ports and ranges."`
	ToSource      string    `arg:"to_source" doc:"New source, with jump SNAT."`
	Goto          string    `arg:"goto" doc:"Chain to go on in, without coming back."`
	InInterface   string    `arg:"in_interface" doc:"Interface that packets come in by; a + at its end stands for anything."`
	OutInterface  string    `arg:"out_interface" doc:"Interface that packets leave by."`
	Fragment      string    `arg:"fragment" doc:"Only second and later fragments."`
	SetCounters   string    `arg:"set_counters" doc:"First values of the rule's counters."`
	SourcePort    string    `arg:"source_port" doc:"Source port, or first:last."`
	DestPort      string    `arg:"destination_port" doc:"Destination port, or first:last."`
	ToPorts       string    `arg:"to_ports" doc:"New destination ports, with jump REDIRECT."`
	DSCPMark      string    `arg:"set_dscp_mark" doc:"DSCP mark to set, with jump DSCP."`
	DSCPClass     string    `arg:"set_dscp_mark_class" doc:"DiffServ class to set, with jump DSCP."`
	Syn           string    `arg:"syn" default:"ignore" choices:"ignore,match,negate" doc:"Only packets that open a TCP connection, or only others."`
	States        []string  `arg:"ctstate" doc:"States of the connection: NEW, ESTABLISHED, …."`
	SourceRange   string    `arg:"src_range" doc:"Source addresses, first-last."`
	DestRange     string    `arg:"dst_range" doc:"Destination addresses, first-last."`
	MatchSet      string    `arg:"match_set" doc:"Set of ipset that the address is in."`
	MatchSetFlags string    `arg:"match_set_flags" doc:"Which address of the packet that is: src, dst, or two of them with a comma."`
	Limit         string    `arg:"limit" doc:"Average number of matches, such as 5/minute."`
	LimitBurst    string    `arg:"limit_burst" doc:"Number of matches before the limit holds."`
	UIDOwner      string    `arg:"uid_owner" doc:"User whose program sent the packet."`
	GIDOwner      string    `arg:"gid_owner" doc:"Group of the program that sent the packet."`
	RejectWith    string    `arg:"reject_with" doc:"How to refuse; jump becomes REJECT."`
	ICMPType      string    `arg:"icmp_type" doc:"ICMP type by name or number."`
	Comment       string    `arg:"comment" doc:"Comment to keep in the rule."`
}

type tcpFlags struct {
	Flags []string `arg:"flags" doc:"The flags to look at."`
	Set   []string `arg:"flags_set" doc:"Those that are set."`
}

// iptablesModule manages one rule of the kernel's packet filter, in memory
// only.
func iptablesModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.iptables",
		Summary: "Manage rules of the packet filter",
		Doc: "Makes one rule be in a chain, or not be there; or a chain's policy, or the chain itself. The rules are those in memory: saving them for the next boot is another program's business.\n" +
			"Whether a rule is there is what iptables says (--check), so a rule that is described in other words counts as missing.",
		Check:    CheckFull,
		Examples: "- name: SSH is open\n  ansible.builtin.iptables:\n    chain: INPUT\n    protocol: tcp\n    destination_port: 22\n    ctstate: NEW\n    syn: match\n    jump: ACCEPT\n    comment: SSH\n\n- name: All else is not\n  ansible.builtin.iptables:\n    chain: INPUT\n    policy: DROP\n",
		Returns: []Return{
			{"rule", "str", "always", "The rule as options of iptables."},
			{"chain", "str", "always", "The chain; table, ip_version, state, flush and chain_management likewise."},
		},
		MutuallyExclusive: [][]string{{"set_dscp_mark", "set_dscp_mark_class"}, {"flush", "policy"}},
		RequiredBy:        map[string][]string{"set_dscp_mark": {"jump"}, "set_dscp_mark_class": {"jump"}},
		RequiredIf: []RequiredIf{
			{Arg: "jump", Value: "TEE", Needs: []string{"gateway"}}, {Arg: "jump", Value: "tee", Needs: []string{"gateway"}},
			{Arg: "flush", Value: false, Needs: []string{"chain"}},
		},
	}, runIptables)
}

// tables is one use of the module.
type tables struct {
	*iptablesArgs
	h       target.Host
	program string
	words   []string // of the rule
}

func runIptables(ctx context.Context, h target.Host, c *Call, a *iptablesArgs) (*Result, error) {
	rule := a.rule(a.IPVersion)
	res := new(Result).Set("ip_version", a.IPVersion).Set("table", a.Table).Set("chain", orNone(a.Chain)).Set("flush", a.Flush).
		Set("rule", strings.Join(rule, " ")).Set("state", a.State).Set("chain_management", a.Manage).Set("wait", orNone(a.Wait))
	if a.LogPrefix != "" || a.LogLevel != "" {
		if a.Jump != "" && a.Jump != "LOG" {
			return nil, Failf("Logging options can only be used with the LOG jump target.")
		}
		a.Jump = "LOG"
	}
	versions := []string{a.IPVersion}
	if a.IPVersion == "both" {
		versions = []string{"ipv4", "ipv6"}
	}
	for _, version := range versions {
		changed, err := a.apply(ctx, h, c.Check, version)
		if err != nil {
			return nil, err
		}
		res.Changed = res.Changed || changed
	}
	return res, nil
}

// apply makes the state true in the filter of one version of IP.
func (a *iptablesArgs) apply(ctx context.Context, h target.Host, check bool, version string) (changed bool, err error) {
	program, err := requireTool(h, map[string]string{"ipv4": "iptables", "ipv6": "ip6tables"}[version])
	if err != nil {
		return false, err
	}
	t := &tables{iptablesArgs: a, h: h, program: program, words: a.rule(version)}
	command, err := t.compare(ctx)
	if err != nil || command == nil || check || t.describesNothing() && !a.Manage {
		return command != nil, err
	}
	_, err = mustRun(ctx, h, command...)
	return true, err
}

// describesNothing reports whether only the chain itself is meant.
func (t *tables) describesNothing() bool {
	return !t.Flush && t.Policy == "" && len(t.words) == 0
}

// compare gives the command that makes the state true, nil when it is.
func (t *tables) compare(ctx context.Context) ([]string, error) {
	present := t.State == "present"
	switch {
	case t.Flush:
		return t.command("-F"), nil
	case t.Policy != "":
		return t.policy(ctx)
	case len(t.words) == 0:
		out, err := runTool(ctx, t.h, t.listing()...)
		if exists := out.RC == 0; err != nil || exists == present {
			return nil, err
		}
		if present {
			return t.command("-N"), nil
		}
		return t.command("-X"), nil
	}
	out, err := runTool(ctx, t.h, t.command("-C", t.words...)...)
	switch exists := out.RC == 0; {
	case err != nil || exists == present:
		return nil, err
	case !present:
		return t.command("-D", t.words...), nil
	case t.Action == "append":
		return t.command("-A", t.words...), nil
	}
	return t.command("-I", t.words...), nil
}

// command gives a command line about the chain.
func (t *tables) command(action string, more ...string) []string {
	argv := []string{t.program, "-t", t.Table, action}
	if t.Chain != "" {
		argv = append(argv, t.Chain)
	}
	if action == "-I" && t.RuleNum != "" {
		argv = append(argv, t.RuleNum)
	}
	if t.Wait != "" {
		argv = append(argv, "-w", t.Wait)
	}
	return append(argv, more...)
}

func (t *tables) listing() []string {
	return t.command("-L", flags(t.Numeric, "--numeric")...)
}

var chainPolicy = lazyre.New(`\(policy ([A-Z]+)`)

func (t *tables) policy(ctx context.Context) ([]string, error) {
	out, err := mustRun(ctx, t.h, t.listing()...)
	if err != nil {
		return nil, err
	}
	header, _, _ := strings.Cut(out.Stdout, "\n")
	now := chainPolicy.FindStringSubmatch(header)
	switch {
	case now == nil:
		return nil, Failf("Can't detect current policy: only chains of the kernel have one, and %s is none", t.Chain)
	case now[1] == t.Policy:
		return nil, nil
	}
	return t.command("-P", t.Policy), nil
}
