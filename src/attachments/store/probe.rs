//! Whether a store can be used, for who looks what is wrong.

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::ObjectStoreExt;

use super::Store;

impl Store {
    /// Writes a file, finds it in a list, reads it, and takes it out again.
    ///
    /// # Errors
    /// What of it failed, and why.
    pub async fn probe(&self) -> Result<(), String> {
        let path = self.prefix.clone().join(format!("probe-{:016x}", rand::random::<u64>()));
        let content = Bytes::from_static(b"parlor");
        let put = self.objects.put(&path, content.clone().into()).await;
        put.map_err(|error| format!("nothing can be written to it: {error}"))?;
        let read = async {
            let listed = self.objects.list(Some(&self.prefix)).next().await;
            if let Some(Err(error)) = listed {
                return Err(format!("it cannot be listed: {error}"));
            }
            let got = self.objects.get(&path).await;
            let got = got.map_err(|error| format!("nothing can be read from it: {error}"))?;
            match got.bytes().await {
                Ok(bytes) if bytes == content => Ok(()),
                Ok(_) => Err("what is read is not what was written".to_owned()),
                Err(error) => Err(format!("reading ends: {error}")),
            }
        };
        let read = read.await;
        let deleted = self.objects.delete(&path).await;
        read.and(deleted.map_err(|error| format!("nothing can be deleted from it: {error}")))
    }
}
