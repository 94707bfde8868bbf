#if PLANTED_DEFECTS
using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server.Defects;
using DeviceAcme.Simulator.Conformance;
using DeviceAcme.Simulator.Enrollment;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The conformance suite can fail: it finds every defect that a test build of the server can be given.</summary>
public sealed class PlantedDefectTests(ConformanceServer conformance) : IClassFixture<ConformanceServer>, IDisposable
{
    private static readonly SemaphoreSlim Hosts = new(1);

    public void Dispose() => ServerLog.ShowIfFailed(conformance.Server);

    [Fact]
    public async Task Every_planted_defect_is_found_by_its_case()
    {
        var external = await conformance.ExternalAccounts();
        var missed = new List<string>();

        await Parallel.ForEachAsync(PlantedDefects.All, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (defect, _) =>
        {
            if (await Missed(defect, external) is { } why)
            {
                lock (missed)
                {
                    missed.Add($"a server that {defect.Broken} ({defect.Name}): {why}");
                }
            }
        });

        missed.Should().BeEmpty();
    }

    [Fact]
    public async Task The_same_cases_pass_where_no_defect_is_planted()
    {
        var external = await conformance.ExternalAccounts();
        var profiles = PlantedDefects.All.Select(Profile).Distinct().SelectMany(profile => new[] { "--directory", conformance.DirectoryOf(profile) });

        var (code, data, talk) = await conformance.Conformance(
        [
            .. profiles, .. external, "--deviceacme", .. PlantedDefects.All.Select(defect => defect.Kind).Distinct().SelectMany(kind => new[] { "--kind", kind }),
            .. PlantedDefects.All.Select(defect => defect.Case).Distinct().SelectMany(name => new[] { "--only", name }),
        ]);

        code.Should().Be(0, data + talk);
    }

    [Fact]
    public void The_table_names_each_defect_once_and_cases_that_there_are()
    {
        var cases = ConformanceRun.All.ToLookup(row => row.Name);

        PlantedDefects.All.Should().HaveCountGreaterThanOrEqualTo(40);
        PlantedDefects.All.Select(defect => defect.Name).Should().OnlyHaveUniqueItems();
        foreach (var defect in PlantedDefects.All)
        {
            cases[defect.Case].Should().Contain(row => row.Kinds.Contains(defect.Kind), $"{defect.Name} is found by {defect.Case} with {defect.Kind}");
        }
    }

    [Fact]
    public async Task A_server_that_was_started_with_a_defect_has_that_one_and_says_so()
    {
        var server = new RunningServer { Options = ["--defect", "any-nonce-accepted"] };
        try
        {
            await server.InitializeAsync();
            var (code, data, talk) = await ConformanceServer.Conformance(server, "--kind", "mac", "--directory", $"{server.Url}/acme/apple-device/directory", "--only", "unknown-nonce", "--only", "wrong-url");

            code.Should().Be(1, talk);
            data.Should().Contain("fail unknown-nonce").And.Contain("pass wrong-url");
            server.Log.Should().Contain("this server is wrong on purpose (any-nonce-accepted)");
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Why the defect was not found; null where it was.</summary>
    private async Task<string?> Missed(PlantedDefect defect, string[] external)
    {
        var host = defect.Kind == ServerHost.KindName;
        if (host)
        {
            // they all answer on the same port
            await Hosts.WaitAsync();
        }

        try
        {
            var (code, data, talk) = await conformance.Conformance(
            [
                "--kind", defect.Kind, "--directory", conformance.DirectoryOf(Profile(defect)), .. Only(defect), "--header", $"{ConformanceServer.DefectHeader}: {defect.Name}", "--deviceacme", "--json",
                .. Profile(defect) == "printer" ? external : [],
            ]);
            // a server that breaks down is found by anybody: it must do what is wrong
            var found = code == 1 && JsonElement.Parse(data).GetProperty("results").EnumerateArray().Any(result =>
                result.GetProperty("name").GetString() == defect.Case && result.GetProperty("result").GetString() == "fail" && result.GetProperty("found").GetString()?.Contains("serverInternal", StringComparison.Ordinal) == false);
            return found ? null : $"exit code {code}, {defect.Case}: {data} {talk}";
        }
        finally
        {
            if (host)
            {
                Hosts.Release();
            }
        }
    }

    // './dev defects' has the time to play all of them
    private static string[] Only(PlantedDefect defect) => Environment.GetEnvironmentVariable("ALL_CASES_OF_DEFECTS") is null ? ["--only", defect.Case] : [];

    private static string Profile(PlantedDefect defect) => defect.Section == "RFC 8555 §7.3.4" ? "printer" : Devices.Find(defect.Kind).Profile;
}
#endif
