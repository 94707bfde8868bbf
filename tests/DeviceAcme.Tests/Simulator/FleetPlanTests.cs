using System.Text.Json;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Fleet;
using DeviceAcme.Simulator.Vendors;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class FleetPlanTests
{
    private static readonly FleetMix Mix = FleetMix.Parse("apple=60,tpm=30,server=10");

    [Fact]
    public void A_mix_is_shared_out_to_the_last_device()
    {
        Mix.Shares(10_000).Should().Equal(("mac", 6000), ("tpm", 3000), ("server", 1000));
        FleetMix.Parse("mac=1,tpm=1,iot=1").Shares(100).Sum(share => share.Count).Should().Be(100);
        FleetMix.Parse("mac=1,tpm=1,iot=1").Shares(1).Should().ContainSingle(share => share.Count == 1);
    }

    [Theory, InlineData("toaster=1"), InlineData("mac"), InlineData("mac=0"), InlineData("mac=1,apple=2"), InlineData(""), InlineData("byod=1")]
    public void What_is_no_mix_is_said(string text) => FluentActions.Invoking(() => FleetMix.Parse(text)).Should().Throw<SimulatorException>().WithMessage("--mix:*");

    [Fact]
    public void The_same_seed_is_the_same_fleet()
    {
        var plan = FleetPlan.Make(Mix, 1000, 0.1, 0.2, 0.1, new Seed("one"));

        FleetPlan.Make(Mix, 1000, 0.1, 0.2, 0.1, new Seed("one")).Should().Equal(plan);
        FleetPlan.Make(Mix, 1000, 0.1, 0.2, 0.1, new Seed("two")).Should().NotEqual(plan);
        plan.Count(device => device.Fault is not null).Should().BeInRange(60, 140);
        plan.Count(device => device.Renews).Should().BeInRange(120, 240);
        plan.Should().OnlyContain(device => device.Fault == null || (!device.Renews && !device.Revokes));
        plan.Select(device => device.Serial).Should().OnlyHaveUniqueItems();
        plan.Where(device => device.Fault is not null).Should().OnlyContain(device => device.Fault!.Kinds.Contains(device.Kind));
    }

    [Fact]
    public void Every_kind_of_a_fleet_has_faults_to_make() =>
        Mix.Parts.Should().OnlyContain(part => FleetPlan.FaultsOf(part.Kind).Count > 50);

    [Fact]
    public void The_inventory_names_every_device_but_hosts()
    {
        var file = Path.GetTempFileName();
        try
        {
            var plan = FleetPlan.Make(FleetMix.Parse("mac=1,tpm=1,iot=1,server=1"), 8, 0, 0, 0, new Seed("one"));

            FleetInventory.Write(file, plan, new FakeVendors("fleet")).Should().Be(6);

            var devices = JsonElement.Parse(File.ReadAllBytes(file)).GetProperty("devices").EnumerateArray().ToList();
            devices.Should().HaveCount(6);
            devices.Select(device => device.GetProperty("identifiers").EnumerateObject().Single().Name).Distinct().Should().BeEquivalentTo("serial", "permanent-identifier", "hardware-module");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Percentiles_are_those_of_the_sorted_values()
    {
        Percentiles.Of(Enumerable.Range(1, 100).Reverse().Select(number => (float)number)).Should().Be(new Percentiles(100, 51, 96, 100, 100));
        Percentiles.Of([]).Count.Should().Be(0);
    }

    [Fact]
    public void A_report_counts_what_happened_and_its_page_needs_nothing_else()
    {
        var plan = FleetPlan.Make(Mix, 10, 1, 0, 0, new Seed("one"));
        var statistics = new FleetStatistics();
        statistics.Step(new AcmeStep("newOrder", "POST", "https://acme.test", 201, TimeSpan.FromMilliseconds(5)));
        statistics.Certificate(renewed: false, TimeSpan.FromMilliseconds(70), TimeSpan.FromSeconds(0.5));
        statistics.Certificate(renewed: true, TimeSpan.FromMilliseconds(90), TimeSpan.FromSeconds(2.5));
        statistics.Revocation();
        statistics.Fault(plan[0], null, TimeSpan.FromSeconds(1));
        statistics.Done();
        Report(statistics, 1).AsExpected.Should().BeTrue();
        statistics.Fault(plan[1], "expected badCSR, found <nothing>", TimeSpan.FromSeconds(1));
        statistics.Failure(plan[2], "serverInternal at finalize", "finalize: serverInternal: & more", TimeSpan.FromSeconds(1));

        var report = Report(statistics, 1);

        report.AsExpected.Should().BeFalse();
        var json = JsonElement.Parse(report.ToJson().ToJsonString());
        json.GetProperty("enrolled").GetInt32().Should().Be(1);
        json.GetProperty("renewed").GetInt32().Should().Be(1);
        json.GetProperty("faults").GetProperty("missed").GetInt32().Should().Be(1);
        json.GetProperty("timeline").GetArrayLength().Should().Be(3);
        json.GetProperty("failures")[0].GetProperty("what").GetString().Should().Be("serverInternal at finalize");
        var page = FleetPage.Write(report);
        page.Should().Contain("<svg").And.Contain("not as expected").And.Contain("&lt;nothing&gt;").And.Contain("&amp; more");
        page.Should().NotContain("<script").And.NotContain("src=").And.NotContain("href=").And.NotContain("<nothing>");
    }

    [Fact]
    public void A_fleet_that_did_not_get_to_its_end_is_not_as_expected() => Report(new FleetStatistics(), 5).AsExpected.Should().BeFalse();

    private static FleetReport Report(FleetStatistics statistics, int devices) => new()
    {
        Started = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(3),
        Server = "https://acme.test",
        Mix = Mix,
        Devices = devices,
        Concurrency = 4,
        Statistics = statistics,
        Processor = TimeSpan.FromMilliseconds(10),
        PeakBytes = 1 << 20,
    };
}
