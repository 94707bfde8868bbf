using Xunit.v3;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>Which database the test servers of this run have: each test of a server runs on both.</summary>
internal static class TestStore
{
    /// <summary><c>postgresql</c>; anything else is SQLite.</summary>
    public const string Variable = "DEVICEACME_TEST_STORE";

    public static bool IsPostgres { get; } = Environment.GetEnvironmentVariable(Variable) == "postgresql";
}

/// <summary>The test looks into SQLite's file, or speaks its SQL: it is left out where the run is on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class OnlySqliteAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Store", "sqlite")];
}
