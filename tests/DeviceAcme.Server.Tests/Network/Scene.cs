using System.Net;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>A DNS server and the validators that ask it, as a server with a loopback trial's options has them.</summary>
internal sealed class Scene : IAsyncDisposable
{
    public const string Name = "host.example";
    public const string Token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
    public const string KeyAuthorization = Token + ".9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";
    public const string AccountUrl = "https://acme.example/acme/tls-server/account/1";

    public TestDnsServer Dns { get; } = TestDnsServer.Start();

    public NetworkTiming Timing { get; set; } = new() { DnsAttempt = TimeSpan.FromSeconds(5), DnsTotal = TimeSpan.FromSeconds(12), Validation = TimeSpan.FromSeconds(20) };

    public IReadOnlyList<string> CaaIdentities { get; set; } = ["acme.example"];
    public IReadOnlyList<IPNetwork> Networks { get; set; } = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>The port of http-01 or tls-alpn-01.</summary>
    public int Port { get; set; } = 1;

    public static ValidationTarget Target(string value = Name, string type = AcmeIdentifier.Dns, bool wildcard = false, bool caa = false) => new()
    {
        Identifier = new(type, value),
        Wildcard = wildcard,
        Token = Token,
        KeyAuthorization = KeyAuthorization,
        AccountUrl = AccountUrl,
        CheckCaa = caa,
    };

    public ServerOptions Options() => new()
    {
        DataDirectory = "",
        Url = new("https://localhost:14000"),
        ProfilesDirectory = "",
        DnsResolver = Dns.EndPoint,
        Http01Port = Port,
        TlsAlpn01Port = Port,
        ValidationNetworks = Networks,
        CaaIdentities = CaaIdentities,
    };

    public Task<Problem?> Validate(string type, ValidationTarget? target = null, CancellationToken? cancellation = null) =>
        NetworkValidation.Validators(Options(), Timing).Single(v => v.Type == type)
            .Validate(target ?? Target(), cancellation ?? TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Dns.DisposeAsync();
}

internal static class ProblemAssertions
{
    /// <summary>The problem has this type and reason code.</summary>
    public static void ShouldBe(this Problem? problem, string type, string reason)
    {
        problem.Should().NotBeNull();
        $"{problem!.Type} {problem.Reason}".Should().Be($"{Problems.Namespace}{type} {reason}", problem.Detail);
    }
}
