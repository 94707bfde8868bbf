using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>A TPM that is not ours judges the activation, and what it says of its keys is judged.</summary>
[Needs("swtpm"), Needs("tpm2-tools")]
public sealed class ActivateCredentialTests : IDisposable
{
    private const string Attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign";

    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("0x81010001", "0x01c00002", "rsa2048:rsassa-sha256:null")]
    [InlineData("0x81010001", "0x01c00002", "ecc256:ecdsa-sha256:null")]
    [InlineData("0x81010016", "0x01c00016", "ecc256:ecdsa-sha256:null")]
    [InlineData("0x81010016", "0x01c00016", "rsa2048:rsassa-sha256:null")]
    public async Task The_TPM_reads_the_secret_and_only_for_this_attestation_key(string ekHandle, string certificateIndex, string algorithm)
    {
        await using var tools = await Tpm2Tools.Start(_folder);
        await tools.Run("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "srk.ctx");
        await tools.Run("tpm2_readpublic", "-Q", "-c", ekHandle, "-o", "ek.pub");
        await tools.Run("tpm2_nvread", certificateIndex, "-o", "ek.der");
        await MakeAttestationKey(tools, "ak", algorithm);
        await MakeAttestationKey(tools, "other", algorithm);
        var evidence = Evidence(tools);

        foreach (var given in new[] { evidence, evidence with { PublicArea = tools.Read("ek.pub") } })
        {
            var judgement = EkVerifier.Verify(given);
            judgement.ShouldWaitForActivation();
            judgement.Verdict.Fact("tpm.manufacturer-id").Should().Be("00001014");
            judgement.Verdict.Fact("tpm.virtual").Should().Be("true");

            var secret = RandomNumberGenerator.GetBytes(32);
            var credential = judgement.EndorsementKey!.MakeCredential(judgement.AttestationKey!.Name, secret, RandomNumberGenerator.GetBytes);
            tools.WriteCredential("credential", credential.CredentialBlob, credential.EncryptedSecret);

            (await Activate(tools, ekHandle, "ak")).Should().Equal(secret);
            (await Activate(tools, ekHandle, "other")).Should().BeNull("the secret was hidden for another key");
        }
    }

    private EkEvidence Evidence(Tpm2Tools tools) => new()
    {
        Certificates = [tools.Read("ek.der")],
        AttestationKey = new AkCreation(tools.Read("ak.pub"), tools.Read("ak.data"), tools.Read("ak.attest"), tools.Read("ak.sig")),
        Policy = new EkPolicy { Vendors = ["00001014"] },
        Anchors = AnchorSet.Parse(tools.Authority.Select(certificate => ("swtpm-localca", new ReadOnlyMemory<byte>(certificate)))),
        Now = TimeProvider.System.GetUtcNow(),
    };

    private static async Task MakeAttestationKey(Tpm2Tools tools, string name, string algorithm)
    {
        await tools.Run(
            "tpm2_create", "-Q", "-C", "srk.ctx", "-G", algorithm, "-a", Attributes, "-u", $"{name}.pub", "-r", $"{name}.priv",
            "--creation-data", $"{name}.data", "-d", $"{name}.hash", "-t", $"{name}.ticket");
        await tools.Run("tpm2_load", "-Q", "-C", "srk.ctx", "-u", $"{name}.pub", "-r", $"{name}.priv", "-c", $"{name}.ctx");
        await tools.Run(
            "tpm2_certifycreation", "-C", $"{name}.ctx", "-c", $"{name}.ctx", "-d", $"{name}.hash", "-t", $"{name}.ticket", "-g", "sha256",
            "-o", $"{name}.sig", "--attestation", $"{name}.attest", "-f", "tss");
    }

    // swtpm's RSA endorsement key answers to PolicySecret(endorsement) alone, its P-384 one to the empty password too
    private static async Task<byte[]?> Activate(Tpm2Tools tools, string ekHandle, string name)
    {
        var answer = Path.Combine(tools.Folder, "secret");
        File.Delete(answer);
        string[] authorization = [];
        if (ekHandle == "0x81010001")
        {
            await tools.Run("tpm2_startauthsession", "--policy-session", "-S", "session.ctx");
            await tools.Run("tpm2_policysecret", "-S", "session.ctx", "-c", "e");
            authorization = ["-P", "session:session.ctx"];
        }

        var (exitCode, output) = await tools.Try(
            "tpm2_activatecredential", ["-c", $"{name}.ctx", "-C", ekHandle, "-i", "credential", "-o", "secret", .. authorization]);
        await tools.Try("tpm2_flushcontext", "-t");
        await tools.Try("tpm2_flushcontext", "-l");
        if (exitCode == 0)
        {
            return await File.ReadAllBytesAsync(answer, TestContext.Current.CancellationToken);
        }

        output.Should().Contain("integrity check failed");
        return null;
    }
}
