using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>A device that is shut out while its certificate is being signed gets no certificate: the commit has the last word.</summary>
public sealed class BlockedMeanwhileTests
{
    [Theory]
    [InlineData("blocked", "device-blocked")]
    [InlineData("quarantined", "device-quarantined")]
    [InlineData("retired", "device-retired")]
    public async Task What_was_signed_for_it_is_not_stored_and_not_told(string state, string reason)
    {
        Func<Task> meanwhile = () => Task.CompletedTask;
        await using var server = await TestServer.Start(anchors: Simulated.Anchors, services: services => Interrupt(services, () => meanwhile()));
        var (order, evidence) = await Ready(server);
        meanwhile = () => server.Db.Commit(context => context.Record(context.Devices.Single().To(DeviceStates.All[state], "stolen", "test", server.Clock.GetUtcNow())));

        var refused = await order.Finalize(evidence.Key);

        ((string)refused.ShouldBeProblem("unauthorized", 403)["reason"]!).Should().Be(reason);
        await using var context = server.Db.Read();
        context.Certificates.Should().BeEmpty();
        var discarded = context.Events.Single(happened => happened.Kind == "certificate.discarded");
        discarded.Reason.Should().Be(reason);
        discarded.Device.Should().Be(context.Devices.Single().Id);
        context.Evidence.Single(row => row.Reason == reason).Verdict.Should().Contain("\"storing\"");
        (await order.States()).Should().Be("valid valid ready");
    }

    [Fact]
    public async Task Two_finalizes_at_once_get_what_one_place_allows()
    {
        var limited = File.ReadAllText(Path.Combine(Testing.RepositoryFiles.Root, "profiles", "apple-device.yaml"))
            .Replace("name: apple-device", "name: limited", StringComparison.Ordinal)
            .Replace("  unknown: refuse", "  unknown: register\n  limits: { certificates: 1 }", StringComparison.Ordinal);
        Func<Task> meanwhile = () => Task.CompletedTask;
        await using var server = await TestServer.Start(
            new Dictionary<string, string> { ["limited"] = limited }, anchors: Simulated.Anchors, services: services => Interrupt(services, () => meanwhile()));
        var (first, ofFirst) = await Ready(server, "limited");
        var (second, ofSecond) = await Ready(server, "limited");
        meanwhile = async () =>
        {
            meanwhile = () => Task.CompletedTask;
            (await second.Finalize(ofSecond.Key)).State.Should().Be("valid");
        };

        var refused = await first.Finalize(ofFirst.Key);

        ((string)refused.ShouldBeProblem("rateLimited", 429)["reason"]!).Should().Be("device-limit-certificates");
        refused.Header("Retry-After").Should().NotBeNull();
        await using var context = server.Db.Read();
        context.Certificates.Should().ContainSingle();
    }

    private static async Task<(DeviceOrder Order, MadeEvidence Evidence)> Ready(TestServer server, string profile = "apple-device")
    {
        var account = new TestAccount(server, profile);
        await account.Register();
        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");
        return (order, evidence);
    }

    /// <summary>Lets something happen between the signature and the commit.</summary>
    private static void Interrupt(IServiceCollection services, Func<Task> meanwhile)
    {
        var original = services.Single(service => service.ServiceType == typeof(Issuers));
        services.Remove(original);
        services.AddSingleton(provider => new Issuers(((Issuers)original.ImplementationFactory!(provider)).All.Select(authority => new Interrupted(authority, meanwhile))));
    }

    private sealed class Interrupted(ICertificateAuthority authority, Func<Task> meanwhile) : ICertificateAuthority
    {
        public string Name => authority.Name;

        public async Task<IssuedCertificate> Issue(CertificatePlan plan, CancellationToken cancellation)
        {
            var issued = await authority.Issue(plan, cancellation);
            await meanwhile();
            return issued;
        }
    }
}
