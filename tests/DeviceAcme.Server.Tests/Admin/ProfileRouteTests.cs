using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Profiles change while the server runs: all of a change or nothing, with a history and a way back.</summary>
public sealed class ProfileRouteTests
{
    private const string Route = "/admin/v1/profiles";
    private const string Name = TestProfiles.Open;

    [Fact]
    public async Task An_activation_counts_at_once_for_new_orders_and_not_for_those_under_way()
    {
        await using var server = await Start();
        var account = await server.Account(Name);
        var order = await account.Authorize(await account.Order(("dns", "host.example")));

        var report = await Activate(server, [Changed(server, "validity: 90d", "validity: 10d")], "shorter");

        report.NewVersion.Should().BeTrue();
        report.Version.Should().BeEquivalentTo(new { Number = 2, Actor = "local", Reason = "shorter", InForce = true, Action = "activated: open" });
        using var old = await account.Certificate(order, "host.example");
        using var fresh = await account.Certificate(await account.Authorize(await account.Order(("dns", "new.example"))), "new.example");
        (old.NotAfter - old.NotBefore).TotalDays.Should().BeApproximately(90, 0.1);
        (fresh.NotAfter - fresh.NotBefore).TotalDays.Should().BeApproximately(10, 0.1);
    }

    [Fact]
    public async Task The_history_says_who_when_and_why_and_leads_back()
    {
        await using var server = await Start();
        var first = (await Listed(server)).Hash!;
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        await Activate(server, [Changed(server, "validity: 90d", "validity: 10d")], "shorter");
        var second = (await Listed(server)).Hash!;
        await RollBack(server, """{"reason":"phones did not renew"}""");

        (await Listed(server)).Hash.Should().Be(first);
        await RollBack(server, """{"reason":"they do","to":"2"}""");
        (await Listed(server)).Hash.Should().Be(second);
        await RollBack(server, $$"""{"reason":"no","to":"{{first[..8]}}"}""");
        (await Listed(server)).Hash.Should().Be(first);

        var history = (await server.Get($"/admin/v1/profile-versions?profile={Name}", AdminJson.Default.ProfileVersionList)).Versions;
        history.Select(version => (version.Number, version.Actor, version.Reason, version.Changes.Single().Change, version.Changes.Single().Hash)).Should().Equal(
            (5, "local", "no", "rolled-back", first), (4, "local", "they do", "rolled-back", second), (3, "local", "phones did not renew", "rolled-back", first),
            (2, "local", "shorter", "activated", second), (1, "start", null, "followed-file", first));
        (history[3].At - history[4].At).Should().Be(TimeSpan.FromMinutes(5));
        (await server.Get($"{Route}/{Name}?version={second[..10]}", AdminJson.Default.ProfileVersionText)).Should().Match<ProfileVersionText>(text => text.Text.Contains("validity: 10d") && !text.InForce);
        (await server.Events()).Where(happened => happened.Profile == Name).Select(happened => (happened.Kind, happened.Actor)).Should().Equal(
            ("profile.activated", "local"), ("profile.rolled-back", "local"), ("profile.rolled-back", "local"), ("profile.rolled-back", "local"));
    }

    [Fact]
    public async Task Several_files_come_into_force_together_or_not_at_all()
    {
        await using var server = await Start();
        var narrow = new ProfileFileText { File = $"{TestProfiles.Narrow}.yaml", Text = Text(server, TestProfiles.Narrow).Replace("validity: 90d", "validty: 10d", StringComparison.Ordinal) };

        var refused = await Refused(server, "activations", Files("both", Changed(server, "validity: 90d", "validity: 10d"), narrow));

        refused.Should().BeEquivalentTo(new { Status = 422, Reason = "profile-mistakes" });
        refused.Detail.Should().MatchRegex(@"narrow\.yaml:\d+: certificate\.validty: is not a known property; the nearest is 'validity'|narrow\.yaml:\d+: .*validty");
        (await server.Get(Route, AdminJson.Default.ProfileListing)).Version.Should().Be(1);

        await Activate(server, [Changed(server, "validity: 90d", "validity: 10d"), narrow with { Text = Text(server, TestProfiles.Narrow) + "\n# looked at\n" }], "both");
        var after = await server.Get(Route, AdminJson.Default.ProfileListing);
        after.Profiles.Where(profile => profile.Since == 2).Select(profile => profile.Name).Should().Equal(TestProfiles.Narrow, Name);
    }

    [Fact]
    public async Task A_change_is_for_the_version_that_it_names()
    {
        await using var server = await Start();
        var files = Files("x", Changed(server, "validity: 90d", "validity: 10d"));

        (await Send(server, $"{Route}/activations", files, null)).Should().Be((HttpStatusCode)428);
        (await Send(server, $"{Route}/activations", files, "\"7\"")).Should().Be(HttpStatusCode.PreconditionFailed);
        (await Send(server, $"{Route}/activations", files, "\"1\"")).Should().Be(HttpStatusCode.Created);
        (await Send(server, $"{Route}/activations", files, "\"1\"")).Should().Be(HttpStatusCode.PreconditionFailed);
        (await Send(server, $"{Route}/activations", files, "\"2\"")).Should().Be(HttpStatusCode.OK, "nothing changes: no version is made");
        (await server.Get(Route, AdminJson.Default.ProfileListing)).Version.Should().Be(2);
        (await Send(server, $"{Route}/activations", Files(null, Changed(server, "validity: 90d", "validity: 11d")), "\"2\"")).Should().Be(HttpStatusCode.BadRequest, "a reason is needed");
    }

    [Fact]
    public async Task A_check_tells_mistakes_tests_differences_and_whom_it_concerns_and_changes_nothing()
    {
        await using var server = await Start();
        var account = await server.Account("apple-device");
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        (await order.Send(Simulated.Apple.Make(order.Material, key))).Status.Should().Be(HttpStatusCode.OK);
        var text = Text(server, "apple-device").Replace("allow: [\"*\"]", "allow: [\"NONE-*\"]", StringComparison.Ordinal);
        text.Should().Contain("NONE-*");

        var report = await server.Post($"{Route}/checks", new ProfileFiles { Files = [new ProfileFileText { File = "apple-device.yaml", Text = text }] }, AdminJson.Default.ProfileFiles, AdminJson.Default.ProfileCheckReport);

        report.Findings.Where(finding => finding.IsError).Should().BeEmpty();
        var effect = report.Profiles.Should().ContainSingle().Subject;
        effect.Should().BeEquivalentTo(new { Name = "apple-device", Change = "changed", WaitingOrders = 1, Devices = 1, Refused = 1 });
        effect.Differences.Should().Contain(difference => difference.Key == "identifiers.permanent-identifier.allow" && difference.Before == "[*]" && difference.After == "[NONE-*]");
        (await server.Get(Route, AdminJson.Default.ProfileListing)).Version.Should().Be(1);
    }

    [Fact]
    public async Task A_profile_whose_own_tests_fail_is_not_activated()
    {
        await using var server = await Start();
        var text = Text(server, "apple-device") + "tests:\n  - name: everybody\n    facts: {}\n    verdict: refused\n";
        text = text.Replace("on-failure:", "facts: { os.version: \">= 1\" }\n  on-failure:", StringComparison.Ordinal);

        var refused = await Refused(server, "activations", Files("x", new ProfileFileText { File = "apple-device.yaml", Text = text.Replace("verdict: refused", "verdict: accepted", StringComparison.Ordinal) }));

        refused.Reason.Should().Be("profile-tests-failed", refused.Detail);
        refused.Detail.Should().MatchRegex(@"^apple-device\.yaml:\d+: tests: 'everybody': expected accepted, found refused");
    }

    [Fact]
    public async Task A_profile_that_counts_on_a_folder_of_roots_that_is_not_there_is_refused_with_the_line()
    {
        await using var server = await Start();
        var text = Text(server, "apple-device").Replace("anchors: [apple]", "anchors: [appel]", StringComparison.Ordinal);

        var refused = await Refused(server, "activations", Files("x", new ProfileFileText { File = "apple-device.yaml", Text = text }));

        refused.Detail.Should().MatchRegex(@"apple-device\.yaml:[1-9]\d*: attestation\.anchors: the folder 'appel' is not in the anchor set.*'apple'");
    }

    [Fact]
    public async Task A_new_profile_has_its_directory_its_issuer_and_its_attestation_CA_at_once_and_after_a_restart()
    {
        await using var server = await Start();
        var text = Text(server, "linux-tpm").Replace("name: linux-tpm", "name: lab-tpm", StringComparison.Ordinal).Replace("issuer: default", "issuer: lab", StringComparison.Ordinal);
        text.Should().Contain("issuer: lab");

        await Activate(server, [new ProfileFileText { File = "lab-tpm.yaml", Text = text }], "a laboratory");

        for (var restarted = false; ; restarted = true)
        {
            (await server.Server.Http.GetAsync("/acme/lab-tpm/directory", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.OK);
            using var attest = await server.Server.Http.PostAsync("/tpm/lab-tpm/attest", new StringContent("{}"), TestContext.Current.CancellationToken);
            attest.StatusCode.Should().Be(HttpStatusCode.BadRequest, "the CA is there and the request is empty");
            server.AnchorsOf("lab-tpm").Anchors.Should().Contain(anchor => anchor.Subject.Contains("TPM Attestation CA", StringComparison.Ordinal));
            File.Exists(Path.Combine(server.Server.DataDirectory, "ca", "lab", "certificate.pem")).Should().BeTrue();
            if (restarted)
            {
                break;
            }

            await server.Restart();
        }
    }

    [Fact]
    public async Task A_withdrawn_profile_is_gone_until_it_is_rolled_back()
    {
        await using var server = await Start();
        (await Send(server, $"{Route}/{Name}/withdraw", """{"reason":"retired"}""", "*")).Should().Be(HttpStatusCode.Created);

        (await server.Server.Http.GetAsync($"/acme/{Name}/directory", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await Listed(server)).Hash.Should().BeNull();
        await server.Restart();
        (await server.Server.Http.GetAsync($"/acme/{Name}/directory", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.NotFound, "its file undoes nothing");

        await RollBack(server, """{"reason":"after all"}""");
        (await server.Server.Http.GetAsync($"/acme/{Name}/directory", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_issuer_of_an_earlier_version_finishes_its_orders_and_publishes_CRLs_after_a_restart()
    {
        await using var server = await Start();
        await Activate(server, [Changed(server, "issuer: default", "issuer: lab")], "another issuer");
        var account = await server.Account(Name);
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        await RollBack(server, """{"reason":"not yet"}""");
        await server.Restart();
        account.Server = server.Server;

        using var certificate = await account.Certificate(order, "host.example");

        var lab = Path.Combine(server.Server.DataDirectory, "ca", "lab", "certificate.pem");
        using var issuer = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(lab);
        certificate.Issuer.Should().Be(issuer.Subject);
        await using var context = server.Server.Db.Read();
        var key = context.Certificates.Single().IssuerKeyId;
        context.Crls.Where(crl => crl.IssuerKeyId == key).Should().ContainSingle();
        var publisher = server.Server.Services.GetRequiredService<DeviceAcme.Server.Revocation.CrlPublisher>();
        publisher.Find(key).Should().NotBeNull("what it signed can still be revoked");
    }

    [Fact]
    public async Task The_default_profile_and_an_attestation_CA_that_others_count_on_are_not_withdrawn()
    {
        await using var server = await Start();
        var counting = Text(server, "linux-tpm").Replace("name: linux-tpm", "name: lab", StringComparison.Ordinal);
        counting = System.Text.RegularExpressions.Regex.Replace(counting, @"anchors: \[.*\]", "anchors: [attestation-ca-linux-tpm]");
        await Activate(server, [new ProfileFileText { File = "lab.yaml", Text = counting }], "x");

        (await Problem(server, $"{Route}/tls-server/withdraw", """{"reason":"x"}""")).Detail.Should().Contain("is the default profile");
        (await Problem(server, $"{Route}/linux-tpm/withdraw", """{"reason":"x"}""")).Detail.Should().Contain("attestation-ca-linux-tpm");
        (await Problem(server, $"{Route}/nothing/withdraw", """{"reason":"x"}""")).Reason.Should().Be("profile-unknown");
    }

    [Fact]
    public async Task The_whole_set_can_be_what_it_was()
    {
        await using var server = await Start();
        await Activate(server, [Changed(server, "validity: 90d", "validity: 10d")], "one");
        await Activate(server, [new ProfileFileText { File = "more.yaml", Text = Text(server, Name).Replace($"name: {Name}", "name: more", StringComparison.Ordinal) }], "two");

        (await Send(server, "/admin/v1/profile-versions/1/rollback", """{"reason":"back"}""", "*")).Should().Be(HttpStatusCode.Created);

        var after = await server.Get(Route, AdminJson.Default.ProfileListing);
        after.Version.Should().Be(4);
        after.Profiles.Single(profile => profile.Name == "more").Hash.Should().BeNull();
        (await server.Get($"{Route}/{Name}", AdminJson.Default.ProfileVersionText)).Text.Should().Contain("validity: 90d");
    }

    [Fact]
    public async Task An_officer_of_one_profile_sees_that_one_and_activates_nothing()
    {
        await using var server = await Start();
        await Activate(server, [Changed(server, "validity: 90d", "validity: 10d")], "one");
        var officer = (await server.NewToken("olga", "officer", "tls-server")).Token;

        using var list = await server.Send(HttpMethod.Get, Route, null, officer);
        (await list.Content.ReadFromJsonAsync(AdminJson.Default.ProfileListing))!.Profiles.Should().ContainSingle().Which.Name.Should().Be("tls-server");
        using var history = await server.Send(HttpMethod.Get, "/admin/v1/profile-versions", null, officer);
        var versions = (await history.Content.ReadFromJsonAsync(AdminJson.Default.ProfileVersionList))!.Versions;
        versions.Should().ContainSingle().Which.Changes.Should().ContainSingle().Which.Name.Should().Be("tls-server");
        using var foreign = await server.Send(HttpMethod.Get, $"{Route}/{Name}", null, officer);
        foreign.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        using var check = await server.Send(HttpMethod.Post, $"{Route}/checks", Files(null, Changed(server, "validity: 90d", "validity: 9d")), officer);
        check.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        using var activation = await server.Send(HttpMethod.Post, $"{Route}/activations", Files("x", Changed(server, "validity: 90d", "validity: 9d")), officer);
        activation.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_challenge_whose_profile_takes_no_evidence_any_more_is_refused_clearly()
    {
        await using var server = await Start();
        var account = await server.Account("apple-device");
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        await Activate(server, [new ProfileFileText { File = "apple-device.yaml", Text = Text(server, Name).Replace($"name: {Name}", "name: apple-device", StringComparison.Ordinal) }], "no devices here");

        (await order.Send(Simulated.Apple.Make(order.Material, key))).ShouldBeProblem("invalidProfile", 400);
    }

    private static Task<AdminServer> Start() => AdminServer.Start(TestProfiles.All);

    private static string Text(AdminServer server, string name) => File.ReadAllText(server.Server.ProfileFile(name));

    private static ProfileFileText Changed(AdminServer server, string from, string to)
    {
        var text = Text(server, Name);
        text.Should().Contain(from);
        return new ProfileFileText { File = $"{Name}.yaml", Text = text.Replace(from, to, StringComparison.Ordinal) };
    }

    private static string Files(string? reason, params IReadOnlyList<ProfileFileText> files) => JsonSerializer.Serialize(new ProfileFiles { Files = files, Reason = reason }, AdminJson.Default.ProfileFiles);

    private static async Task<ProfileItem> Listed(AdminServer server) => (await server.Get(Route, AdminJson.Default.ProfileListing)).Profiles.Single(profile => profile.Name == Name);

    internal static async Task<ProfileActivationReport> Activate(AdminServer server, IReadOnlyList<ProfileFileText> files, string reason)
    {
        using var answer = await server.Send(HttpMethod.Post, $"{Route}/activations", Files(reason, files), server.Token, request => request.Headers.Add("If-Match", "*"));
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.Content.ReadFromJsonAsync(AdminJson.Default.ProfileActivationReport))!;
    }

    private static async Task RollBack(AdminServer server, string json) => (await Send(server, $"{Route}/{Name}/rollback", json, "*")).Should().Be(HttpStatusCode.Created);

    private static async Task<HttpStatusCode> Send(AdminServer server, string path, string json, string? match)
    {
        using var answer = await server.Send(HttpMethod.Post, path, json, server.Token, request => request.Headers.TryAddWithoutValidation("If-Match", match));
        return answer.StatusCode;
    }

    private static Task<Problem> Refused(AdminServer server, string action, string json) => Problem(server, $"{Route}/{action}", json);

    private static async Task<Problem> Problem(AdminServer server, string path, string json)
    {
        using var answer = await server.Send(HttpMethod.Post, path, json, server.Token, request => request.Headers.Add("If-Match", "*"));
        ((int)answer.StatusCode).Should().BeInRange(400, 499);
        return (await answer.Content.ReadFromJsonAsync<Problem>())!;
    }
}
