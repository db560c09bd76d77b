package filters

// filterTables lists the tables of all filter families.
var filterTables = [][]entry{
	dataFilters, combineFilters, productFilters, commentFilters, mathFilters, pathFilters, encodeFilters,
	urlFilters, setFilters, versionFilters, regexFilters, serializeFilters, randomFilters, dateFilters,
	csvFilters, iniFilters, passwordFilters, vaultFilters,
}

// testTables lists the tables of all test families.
var testTables = [][]entry{setTests, resultTests, fileTests, urlTests, versionTests, regexTests, vaultTests}

// addressFilters are the filters of ansible.utils that work on addresses; they
// came from ansible.netcommon and keep their names there.
var addressFilters = map[string]bool{}
