package filters

// filterTables lists the tables of all filter families.
var filterTables = [][]entry{
	dataFilters, combineFilters, productFilters, commentFilters, mathFilters, pathFilters, encodeFilters,
	urlFilters, setFilters, versionFilters, regexFilters, serializeFilters, randomFilters, dateFilters,
	csvFilters, iniFilters, passwordFilters, vaultFilters, addressTable, macFilters, communityFilters,
	timeUnitFilters, keyFilters, structureFilters, xmlFilters, certificateFilters,
	txtFilters,
}

// testTables lists the tables of all test families.
var testTables = [][]entry{
	setTests, resultTests, fileTests, urlTests, versionTests, regexTests, vaultTests, addressTests,
	communityTests,
}
