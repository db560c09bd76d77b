package modules

import (
	"slices"
	"strings"
)

// ruleWords are the options of iptables that describe a rule.
type ruleWords []string

// option adds an option with its value, if there is one.
func (w *ruleWords) option(flag, val string) {
	if rest, negated := strings.CutPrefix(val, "!"); negated {
		*w = append(*w, "!", flag, strings.TrimSpace(rest))
	} else if val != "" {
		*w = append(*w, flag, val)
	}
}

// list adds an option whose values are joined by commas.
func (w *ruleWords) list(flag string, vals []string) {
	w.option(flag, strings.Join(vals, ","))
}

// extension loads an extension, unless the task does that itself.
func (w *ruleWords) extension(name string, own []string, used ...string) {
	if strings.Join(used, "") != "" && !slices.Contains(own, name) {
		*w = append(*w, "-m", name)
	}
}

// rule gives the rule in the order in which Ansible writes it.
func (a *ruleArgs) rule(ipVersion string) []string {
	var w ruleWords
	w.option("-p", a.Protocol)
	w.option("-s", a.Source)
	w.option("-d", a.Destination)
	for _, m := range a.Match {
		w.option("-m", m)
	}
	if f := a.TCPFlags; f != nil && f.Flags != nil && f.Set != nil {
		w = append(w, "--tcp-flags", strings.Join(f.Flags, ","), strings.Join(f.Set, ","))
	}
	a.targetWords(&w)
	w.option("-i", a.InInterface)
	w.option("-o", a.OutInterface)
	w.option("-f", a.Fragment)
	w.option("-c", a.SetCounters)
	w.option("--source-port", a.SourcePort)
	w.option("--destination-port", a.DestPort)
	w.option("--to-ports", a.ToPorts)
	w.option("--set-dscp", a.DSCPMark)
	w.option("--set-dscp-class", a.DSCPClass)
	a.matchWords(&w)
	if a.Jump == "" && a.RejectWith != "" {
		w.option("-j", "REJECT")
	}
	w.option("--reject-with", a.RejectWith)
	if ipVersion == "ipv6" {
		w.option("--icmpv6-type", a.ICMPType)
	} else {
		w.option("--icmp-type", a.ICMPType)
	}
	w.extension("comment", nil, a.Comment)
	if a.Comment != "" {
		w = append(w, "--comment", a.Comment)
	}
	return w
}

// targetWords say what happens to a packet.
func (a *ruleArgs) targetWords(w *ruleWords) {
	w.option("-j", a.Jump)
	if strings.EqualFold(a.Jump, "tee") {
		w.option("--gateway", a.Gateway)
	}
	w.option("--log-prefix", a.LogPrefix)
	w.option("--log-level", a.LogLevel)
	w.option("--to-destination", a.ToDestination)
	w.extension("multiport", nil, a.Ports...)
	w.list("--dports", a.Ports)
	w.option("--to-source", a.ToSource)
	w.option("-g", a.Goto)
}

// matchWords say which packets are meant, in the words of extensions.
func (a *ruleArgs) matchWords(w *ruleWords) {
	switch a.Syn {
	case "match":
		*w = append(*w, "--syn")
	case "negate":
		*w = append(*w, "!", "--syn")
	}
	if slices.Contains(a.Match, "state") && !slices.Contains(a.Match, "conntrack") {
		w.list("--state", a.States)
	} else {
		w.extension("conntrack", a.Match, a.States...)
		w.list("--ctstate", a.States)
	}
	w.extension("iprange", a.Match, a.SourceRange, a.DestRange)
	w.option("--src-range", a.SourceRange)
	w.option("--dst-range", a.DestRange)
	w.extension("set", a.Match, a.MatchSet)
	if a.MatchSet != "" {
		w.option("--match-set", a.MatchSet)
		*w = append(*w, a.MatchSetFlags)
	}
	w.extension("limit", nil, a.Limit, a.LimitBurst)
	w.option("--limit", a.Limit)
	w.option("--limit-burst", a.LimitBurst)
	w.extension("owner", nil, a.UIDOwner)
	w.option("--uid-owner", a.UIDOwner)
	w.extension("owner", nil, a.GIDOwner)
	w.option("--gid-owner", a.GIDOwner)
}
