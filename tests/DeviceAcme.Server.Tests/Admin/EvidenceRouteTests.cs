using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

public sealed class EvidenceRouteTests
{
    [Fact]
    public async Task A_record_has_all_that_is_needed_to_judge_it_again()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("linux-tpm");
        var order = await Simulated.Order(account, Simulated.Tpm.Tpm.Identifier);
        using var key = Simulated.NewKey();
        var made = Simulated.Tpm.Make(order.Material, key);
        await order.Send(made);

        var listed = (await server.Get("/admin/v1/evidence?profile=linux-tpm", AdminJson.Default.EvidenceList)).Evidence.Should().ContainSingle().Subject;
        var record = await server.Get($"/admin/v1/evidence/{listed.Id}", AdminJson.Default.EvidenceRecord);

        record.Should().BeEquivalentTo(listed, "the list shows a part of it");
        record.Kind.Should().Be(EvidenceKinds.Challenge);
        record.Accepted.Should().BeTrue();
        record.Identifier.Should().Be(new AcmeIdentifier("permanent-identifier", Simulated.Tpm.Tpm.Identifier));
        record.ProfileText.Should().Contain("name: linux-tpm");
        record.StatementUntil.Should().Be(Simulated.Now.AddDays(400));
        var again = AttestationVerifier.Verify(new Evidence
        {
            AttestationObject = Base64Url.DecodeFromChars(record.Statement),
            Token = record.Token,
            KeyAuthorization = $"{record.Token}.{record.Thumbprint}",
            Identifier = new ExpectedIdentifier(record.Identifier!.Value.Type, record.Identifier.Value.Value, "tpm.permanent-identifier"),
            Formats = ["tpm"],
            Anchors = server.AnchorsOf("linux-tpm"),
            Policies = [.. server.Server.Services.GetServices<IFormatPolicySource>().Select(source => source.For(server.Server.Profiles.Find("linux-tpm")!.Attestation))],
            Now = record.At,
        });
        // what the ledger said is no matter of the evidence
        var stored = Admission.WithoutLedger(VerdictJson.Read(JsonSerializer.SerializeToUtf8Bytes(record.Verdict)));
        VerdictJson.Write(again).Should().Equal(VerdictJson.Write(stored));
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_in_both_directions()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("apple-device");
        foreach (var fault in new[] { AppleFault.ForeignRoot, AppleFault.MissingX5c, AppleFault.ForeignRoot, AppleFault.MissingX5c, AppleFault.ForeignRoot })
        {
            var order = await Simulated.Order(account, Simulated.Serial);
            using var key = Simulated.NewKey();
            await order.Send(Simulated.Apple.With(fault).Make(order.Material, key));
            server.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var newest = await server.All("order=newest");
        var oldest = await server.All("order=oldest");

        newest.Should().HaveCount(5).And.BeInDescendingOrder(entry => entry.At);
        oldest.Select(entry => entry.Id).Should().Equal(newest.Select(entry => entry.Id).Reverse());
        (await server.All("reason=member-missing")).Should().HaveCount(2).And.OnlyContain(entry => entry.Reason == "member-missing");
        (await server.All("accepted=true")).Should().BeEmpty();
        (await server.All("since=2026-11-22T12:02:00Z&until=2026-11-22T12:04:00Z")).Should().HaveCount(2);
        (await server.All("since=3m")).Should().HaveCount(3);
        (await server.All("format=apple&accepted=false&profile=apple-device&kind=challenge")).Should().HaveCount(5);
    }

    [Fact]
    public async Task Evidence_is_found_by_its_device()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("apple-device");
        foreach (var serial in new[] { "C02ONE", "C02TWO" })
        {
            var order = await Simulated.Order(account, serial);
            using var key = Simulated.NewKey();
            (await order.Send((Simulated.Apple with { Device = AppleDevice.Mac(serial) }).Make(order.Material, key))).State.Should().Be("valid");
        }

        var found = (await server.All("device=C02TWO")).Should().ContainSingle().Subject;

        found.Identifier!.Value.Value.Should().Be("C02TWO");
        (await server.All($"device={found.DeviceId}")).Should().ContainSingle().Which.Id.Should().Be(found.Id);
        (await server.All("device=C02THREE")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("/admin/v1/evidence?limit=0", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?limit=201", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?limit=9999999999", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?limit=5&limit=6", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?cursor=x", 400, "cursor-invalid")]
    [InlineData("/admin/v1/evidence?cursor=99999999999999999.x", 400, "cursor-invalid")]
    [InlineData("/admin/v1/evidence?since=yesterday", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?since=2000000000d", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?accepted=maybe", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence?reasons=x", 400, "parameter-unknown")]
    [InlineData("/admin/v1/evidence?device=", 400, "parameter-malformed")]
    [InlineData("/admin/v1/evidence/nowhere", 404, "evidence-unknown")]
    [InlineData("/admin/v1/evidence/nowhere?limit=1", 400, "parameter-unknown")]
    public async Task A_bad_question_is_a_problem(string path, int status, string reason)
    {
        await using var server = await AdminServer.Start();

        using var answer = await server.Send(HttpMethod.Get, path);

        ((int)answer.StatusCode).Should().Be(status);
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be(reason);
    }

    [Fact]
    public async Task A_value_that_is_too_long_is_refused()
    {
        await using var server = await AdminServer.Start();

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/evidence?reason=" + new string('a', 257));

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }
}
