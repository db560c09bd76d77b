package filters_test

import (
	"testing"

	"drover/playbook/value"
)

// TestCollectionFilters holds what the filters and tests of the collections
// gave on the same expressions.
func TestCollectionFilters(t *testing.T) {
	tests := []struct{ expr, want string }{
		{`'x;"a;b"' | community.general.from_csv(delimiter=';', fieldnames=['k', 'v'])`, `[{'k': 'x', 'v': 'a;b'}]`},
		{`[['a', 1], ['b', 2]] | community.general.dict`, `{'a': 1, 'b': 2}`},
		{`'1y 2mo 3w 4d' | community.general.to_days`, `450.0`},
		{`'52:54:00' | community.general.random_mac(seed='x') | length`, `17`},
		{`'10.0.0.0/24' | ansible.utils.nthhost(-1)`, `'10.0.0.255'`},
		{`'1234:4321:abcd:dcba::17' | ansible.utils.ipcut(64)`, `'1234:4321:abcd:dcba'`},
		{`'1234:4321:abcd:dcba::17' | ansible.utils.ipcut(-80)`, `'dcba:0:0:0:17'`},
		{`'10.1.2.3' | ansible.utils.ipcut(24)`, `'10.1.2'`},
		{`'1234::17' | ansible.utils.ipv6form('expand')`, `'1234:0000:0000:0000:0000:0000:0000:0017'`},
		{`'1234:0:0:0:0:0:0:17' | ansible.utils.ipv6form('compress')`, `'1234::17'`},
		{`'1234::17' | ansible.utils.ipv6form('x509')`, `'1234:0:0:0:0:0:0:17'`},
		{`'10.0.0.0/24' | ansible.utils.ipsubnet(26, -1)`, `'10.0.0.192/26'`},
		{`'10.0.0.0/24' | ansible.utils.ipsubnet(26, 9)`, `False`},
		{`'10.0.0.5' | ansible.utils.ipsubnet(24, 1)`, `'10.0.0.0/25'`},
		{`['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'] | ansible.utils.cidr_merge`, `['10.0.0.0/23', '10.0.2.0/24']`},
		{`'0102.0304.0506' | ansible.utils.hwaddr('unix')`, `'1:2:3:4:5:6'`},
		{`['::1', '10.0.0.1', 'x'] | ansible.utils.ipwrap`, `['[::1]', '10.0.0.1', 'x']`},
		{`'10.1.1.0/24' is ansible.utils.subnet_of('10.1.0.0/16')`, `True`},
		{`'255.255.255.0' is ansible.utils.ipv4_netmask`, `True`},
		{`'99999999999999999999999999999999999999999' | ansible.utils.ipaddr`, `False`},
		{`[{'n': 1}, {'n': 2}] | ansible.utils.index_of('in', [1, 2], 'n')`, `[0, 1]`},
		{`{'a': {'x': 1, 'y': 2}, 'x': 3, 'l': [{'x': 1}, {'z': 2}]} | ansible.utils.keep_keys(target=['x'])`, `{'a': {'x': 1}, 'x': 3, 'l': [{'x': 1}]}`},
		{`{'a b': {'c': [{'d': 1}]}, 'e-f': 2} | ansible.utils.to_paths`, `{'a b.c[0].d': 1, 'e-f': 2}`},
		{`'<a x="1"><b>1</b><b>2</b><c/>text</a>' | ansible.utils.from_xml`, `{'a': {'@x': '1', 'b': ['1', '2'], 'c': None, '#text': 'text'}}`},
		{`{'s': {'a': 1, 'b': 'x'}} | community.general.to_ini | community.general.from_ini`, `{'s': {'a': '1', 'b': 'x'}}`},
		{`[1, 2, 3, 5, 6, 10] | ansible.netcommon.vlan_parser`, `['1-3,5,6,10']`},
		{`'web-1.example.com' is community.general.fqdn_valid(min_labels=2)`, `True`},
		{`8 | root(3)`, `2.0`},
		{`query('sequence', 'end=5 stride=2 format=%03d')`, `['001', '003', '005']`},
	}
	for _, tt := range tests {
		v, err := evaluate(t, tt.expr)
		if err != nil || value.Repr(v) != tt.want {
			t.Errorf("%s = %v, %v; want %s", tt.expr, v, err, tt.want)
		}
	}
}
