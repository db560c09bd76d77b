package modules

import (
	"strings"
	"testing"
)

func TestIptablesRule(t *testing.T) {
	tests := map[string]ruleArgs{
		"":                          {},
		"-s 10.0.0.0/8 -j DROP":     {Source: "10.0.0.0/8", Jump: "DROP"},
		"! -s 10.0.0.0/8 -j ACCEPT": {Source: "!10.0.0.0/8", Jump: "ACCEPT"},
		"-p tcp -j ACCEPT --destination-port 22 --syn -m conntrack --ctstate NEW -m comment --comment !SSH": {
			Protocol: "tcp", DestPort: "22", States: []string{"NEW"}, Syn: "match", Jump: "ACCEPT", Comment: "!SSH"},
		"-m conntrack -j ACCEPT --ctstate ESTABLISHED,RELATED": {
			Match: []string{"conntrack"}, States: []string{"ESTABLISHED", "RELATED"}, Jump: "ACCEPT"},
		"-m state -j ACCEPT --state NEW": {Match: []string{"state"}, States: []string{"NEW"}, Jump: "ACCEPT"},
		"-p tcp --tcp-flags ALL ACK,SYN -j DROP": {
			Protocol: "tcp", TCPFlags: &tcpFlags{Flags: []string{"ALL"}, Set: []string{"ACK", "SYN"}}, Jump: "DROP"},
		"-p tcp -m multiport --dports 80,8081:8083":       {Protocol: "tcp", Ports: []string{"80", "8081:8083"}},
		"-p tcp -j REJECT --reject-with tcp-reset":        {Protocol: "tcp", RejectWith: "tcp-reset"},
		"-m set --match-set admins src,dst":               {MatchSet: "admins", MatchSetFlags: "src,dst"},
		"-m iprange --src-range 10.0.0.1-10.0.0.9":        {SourceRange: "10.0.0.1-10.0.0.9"},
		"-m limit --limit 2/second --limit-burst 20":      {Limit: "2/second", LimitBurst: "20"},
		"-m owner ! --uid-owner root --icmpv6-type 1":     {UIDOwner: "! root", ICMPType: "1"},
		"-j TEE --gateway 10.0.0.1 --log-prefix 'not me'": {Jump: "TEE", Gateway: "10.0.0.1", LogPrefix: "'not me'"},
	}
	for want, a := range tests {
		if got := strings.Join(a.rule("ipv6"), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
