using System.Text.Json;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Jose;

public sealed class KeyAuthorizationTests
{
    private static readonly Jwk Key = Jwk.Parse(JsonElement.Parse(
        """{"crv":"P-256","kty":"EC","x":"kw9lZXwdw-9kIAWW9vV-s_xMd3T2NlrrZ8yT4-xewDk","y":"a1AkhDxoyby3c2jrYRzKkgNgv_lY21H5fvxdyMWtYvk"}"""));

    // computed with: printf '%s' '{"crv":…}' | openssl dgst -sha256 -binary | basenc --base64url
    [Fact, Spec("RFC 8555 §8.1"), Spec("RFC 8555 §8.4")]
    public void It_is_the_token_a_dot_and_the_thumbprint()
    {
        var authorization = KeyAuthorization.Of("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", Key);
        authorization.Should().Be("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.jDMcHqenNo_ycH8yJyVWCiWS3vgVJ-sXvLJd6d22ZXo");
        KeyAuthorization.Dns01Record(authorization).Should().Be("KIOPo8-kg2P1dekLsH5kkeQYV0DWm94qgDlZ5II0BcI");
    }
}
